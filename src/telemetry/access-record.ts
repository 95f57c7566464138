/**
 * What the access log tells of a request: the gateway's exchange, seen from here. Texts are byte strings, one character
 * per octet, as they came off the wire.
 */
import type { CustomFields } from './custom-fields.js'
import type { RouteLabels } from './route-labels.js'

export interface AccessRecord {
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Monotonic milliseconds. */
  readonly startedAt: number
  readonly finishedAt: number
  readonly head: {
    readonly method: string
    readonly target: string
    readonly host: string
    readonly minorVersion: 0 | 1
    readonly http2?: boolean
    header(name: string): string | undefined
  }
  readonly sourceAddress: string
  /** `proxyFields`: fields 31 to 33. */
  readonly connection: { readonly proxyFields: string }
  readonly secure: boolean
  readonly groupId: string
  readonly route: { readonly labels: RouteLabels } | undefined
  readonly caller:
    | {
        readonly appId: string
        readonly appName: string
        readonly userId: string
        readonly accountName?: string
        readonly projectId?: string
        readonly accessModel: string
      }
    | undefined
  /** Id of the authorizer that was asked beside another way to authenticate. */
  readonly secondFactor: string
  /** Of the function that was called. */
  readonly functionUrn: string
  readonly plan:
    { readonly target: string; readonly origin: { readonly tls: boolean; readonly http2?: boolean } } | undefined
  /** Fields 39 to 48 of a line, where the instance names any. */
  readonly customFields: CustomFields | undefined
  /** Bytes of the reply's body before and after it was compressed; undefined: it was not. */
  readonly gzip?: { readonly before: number; readonly after: number } | undefined
  readonly status: number
  /** `APIG.xxxx`; empty when the reply is not an error of the gateway. */
  readonly errorCode: string
  readonly errorType: string
  readonly bytesIn: number
  readonly bodyBytesIn: number
  readonly bytesOut: number
  readonly upstreamAddress: string
  readonly upstreamStatus: number
  /** Monotonic milliseconds of the last attempt; 0 for what didn't happen. */
  readonly upstreamStartedAt: number
  readonly upstreamConnectedAt: number
  readonly upstreamHeadAt: number
  readonly upstreamEndedAt: number
  /** Milliseconds over all attempts. */
  readonly upstreamTotal: number
}
