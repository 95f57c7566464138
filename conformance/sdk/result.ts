/** What the programs print of each request, and what is wrong with what the SDK read. */
import { lost, misread } from './reading.js'

/** One line; `Result` in each of the programs says more. */
export interface Result {
  readonly inexpressible?: string
  readonly status?: number
  readonly requestId?: string
  readonly raw?: string
  readonly decoded?: Readonly<Record<string, unknown>>
  readonly stream?: string
  readonly strangers?: readonly string[]
  readonly fault?: {
    readonly status: number
    readonly code: string
    readonly message: string
    readonly requestId: string
  }
  readonly failure?: string
}

/** Of a reply that is a success: what is not as it was sent, or is not what was to be sent. */
export function misreadings(result: Result, success: number): string[] {
  const { status, raw = '', stream, requestId } = result
  if (status !== success) return [`${status ?? 'no status'} instead of ${success}`]
  if (stream !== undefined) return stream === '' ? ['the stream is empty'] : []
  // An SDK's object without members is what it makes of no body. Some have the id of the request as a member of it.
  const whole = raw === '' ? {} : jsonOf(raw)
  const { 'x-request-id': id = requestId, ...decoded } = result.decoded ?? {}
  if (id !== requestId) return [`the SDK reads ${JSON.stringify(id)} as the id of the request`]
  return [
    ...misread(whole, decoded),
    ...(result.strangers ?? [])
      .filter((value) => !published.test(value))
      .map((value) => `the SDK's enumeration has no ${value}`),
  ]
}

/**
 * Values that the published examples have, though the SDK's enumerations do not: empty texts in objects that stand where
 * nothing is, and the protocol of a health check in lower case.
 */
const published = / $|^UpdateHealthCheckResponse\$ProtocolEnum (?:tcp|https?)$/

/** Members of the reply that the SDK's types do not have. */
export const unknownTo = ({ raw, decoded, stream, fault }: Result): readonly string[] =>
  raw === undefined || raw === '' || stream !== undefined || fault !== undefined ? [] : lost(jsonOf(raw), decoded)

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
