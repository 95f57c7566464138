/** Features of an instance by which callers are told apart and recorded (features.md §2), read once per change. */
import type { InstancePart } from '../snapshot/parts.js'
import { isWritableHeader } from './backends/header-lines.js'
import { member, read } from './features.js'
import type { SourceFeatures } from './source-address.js'

export interface CallerFeatures {
  /** `real_ip_header_getter`, `real_ip_from_xff` */
  readonly source: SourceFeatures
  /** `custom_auth_header.backend_sign_header`; empty for `Authorization`. */
  readonly signatureHeader: string
}

export const defaultCallerFeatures: CallerFeatures = { source: {}, signatureHeader: '' }

export function callerFeaturesOf(part: InstancePart): CallerFeatures {
  return {
    source: sourceFeatures(part),
    signatureHeader: headerName(member(read(part, 'custom_auth_header'), 'backend_sign_header')),
  }
}

function sourceFeatures(part: InstancePart): SourceFeatures {
  const getter = text(member(read(part, 'real_ip_header_getter'), 'header_getter'))
  const chain = read(part, 'real_ip_from_xff')
  const index = member(chain, 'xff_index') ?? -1
  return {
    header: /^header:(.+)$/.exec(getter)?.[1]?.toLowerCase(),
    forwardedIndex: chain !== undefined && Number.isInteger(index) ? Number(index) : undefined,
  }
}

function headerName(value: unknown): string {
  const name = text(value)
  return isWritableHeader(name) ? name : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
