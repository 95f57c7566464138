/** Features of an instance by which callers are told apart and recorded (features.md §2), read once per change. */
import type { InstancePart } from '../snapshot/parts.js'
import { member, read } from './features.js'
import type { SourceFeatures } from './source-address.js'

export interface CallerFeatures {
  /** `real_ip_header_getter`, `real_ip_from_xff` */
  readonly source: SourceFeatures
}

export const defaultCallerFeatures: CallerFeatures = { source: {} }

export function callerFeaturesOf(part: InstancePart): CallerFeatures {
  return { source: sourceFeatures(part) }
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

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
