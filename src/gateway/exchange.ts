/**
 * One request and its reply, with all that was learned on the way. Every field exists from birth, in one order, so
 * that all exchanges share one hidden class.
 */
import type { CustomFields } from '../telemetry/custom-fields.js'
import type { LogStream } from '../telemetry/log-streams.js'
import type { Amendment } from './backends/amendment.js'
import type { QuotaCounter } from './policies/app-quota.js'
import type { Trigger } from './policies/breaker.js'
import type { Reply } from './reply.js'
import type { ResponseSets } from './responses/response-sets.js'
import type { Route } from './routing/route.js'
import type { BodyTap, ReplyTap } from './taps.js'

/** What a step may ask of the request. Header names are asked for in lower case; values are latin1 text, trimmed. */
export interface RequestHead {
  /** As sent; one of the registered methods is an interned string. */
  readonly method: string
  /** Origin-form as sent (an absolute-form target has been reduced to it); starts with `/`. */
  readonly target: string
  /** Target up to the first `?`. */
  readonly path: string
  /** Target after the first `?`, empty when there is none. */
  readonly query: string
  readonly minorVersion: 0 | 1
  /** The request came by HTTP/2; what it says of HTTP/1.1 is how it is told to backends. */
  readonly http2?: boolean
  /** Host header, or authority of an absolute-form target, as sent. */
  readonly host: string
  /** First value of a header. */
  header(name: string): string | undefined
  /** All values of a header, in order. */
  headers(name: string): string[]
  /**
   * Whether there is a header with one of these lower-case names, also with `_` or `.` for `-`, as some backends read it.
   * The set is kept, and not changed.
   */
  hasAny(names: ReadonlySet<string>): boolean
  eachHeader(visit: (name: string, value: string) => void): void
  /** Declared length of the body in bytes, 0 when there is none, −1 when it is chunked. */
  readonly contentLength: number
}

/** Where a request is sent, worked out by the route's steps; the forwarder only follows it. */
export interface ForwardPlan {
  readonly origin: Origin
  readonly method: string
  readonly target: string
  /** Value of the Host header. */
  readonly host: string
  /** Lower-case names of client headers that do not go on (hop-by-hop headers are dropped in any case). */
  readonly drop: ReadonlySet<string>
  /** Ready header lines that are added, each ended by CRLF. They replace client headers by way of `drop`. */
  readonly add: string
  /** Milliseconds; see HttpBackend.timeout. */
  readonly timeout: number
  /** How often the request may be sent again after a failure that `backends.md` §2 allows to repeat. */
  readonly retries: number
  /** What the call counts for while it is under way. */
  readonly load?: Load | undefined
  /** Plans a repetition, with another member; absent: the request is repeated as it is. */
  readonly again?: PlanAgain | undefined
}

/** What a member of a channel carries. */
export interface Load {
  /** Calls under way. */
  active: number
}

/**
 * @param failed the plan of the last attempt
 * @param tried what carried the attempts so far
 * @returns `undefined` when nobody is left whom it could be sent to
 */
export type PlanAgain = (exchange: Exchange, failed: ForwardPlan, tried: readonly Load[]) => ForwardPlan | undefined

/** A backend address: the unit of connection pooling. Made once per address, compared by identity. */
export interface Origin {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** It is spoken to by HTTP/2; only what carries gRPC does that. */
  readonly http2?: boolean
  /** What the gateway shows in the handshake; absent: nothing, and nothing is verified either. */
  readonly identity?: BackendIdentity | undefined
}

/** A certificate of the gateway for backends; the same object for the same contents. All in PEM. */
export interface BackendIdentity {
  /** Of the contents. */
  readonly digest: string
  readonly certificate: string
  readonly key: string
  /** What backends are verified with; absent: they are not. */
  readonly ca: string | undefined
}

/** How the body of the reply is compressed, and what came of it. */
export interface Compression {
  /** 1 to 9 */
  readonly level: number
  /** Each piece goes out as it comes. */
  readonly flushes: boolean
  /** Bytes of body, so far. */
  before: number
  after: number
}

/** Identity that authentication established; names and ids are empty strings until then. */
export interface Caller {
  readonly appId: string
  readonly appName: string
  readonly appKey: string
  /** What throttling by user counts, and what is logged as `user_id` where there is no project of its own. */
  readonly userId: string
  /** Of a caller of IAM: the name of the account whose id is `userId`, and the project that its token is for. */
  readonly accountName?: string
  readonly projectId?: string
  /** `signature`, `app_code`, …: access_model1 of the access log. */
  readonly accessModel: string
  /** The backend gets the credential with which it was shown (feature `backend_token_allow`). */
  readonly keepsCredential?: true
  /** What the calls of its app are counted by, over all APIs. */
  readonly quota?: QuotaCounter | undefined
}

export class Exchange {
  readonly requestId: string
  /** Milliseconds since the epoch at which the first byte of the request was read. */
  readonly receivedAt: number
  /** The same moment on the monotonic clock, in milliseconds. */
  readonly startedAt: number
  readonly head: RequestHead
  readonly peerAddress: string
  readonly listenerPort: number
  readonly secure: boolean
  /** Address that policies judge: the peer, or what a real-ip feature found. */
  sourceAddress: string
  /** False when something that is no address was sent as the source. */
  sourceKnown = true
  instanceId = ''
  groupId = ''
  stage = 'RELEASE'
  /** How the group answers errors; undefined: as by default, and until the group is known. */
  responses: ResponseSets | undefined = undefined
  /** What else the access log tells of the request. */
  customFields: CustomFields | undefined = undefined
  /** Where else than in the access log it is told. */
  logStream: LogStream | undefined = undefined
  route: Route | undefined = undefined
  /**
   * Values of `{name}` placeholders, in the order of `route.placeholders`; decoded, unless the feature `api_uri_no_escape`
   * is on.
   */
  pathValues: readonly string[] = []
  /** For a prefix route: what follows the prefix, as sent. */
  pathRest = ''
  caller: Caller | undefined = undefined
  /** Body that a step has collected; it is sent to the backend instead of the stream. */
  body: Buffer | undefined = undefined
  plan: ForwardPlan | undefined = undefined
  /** What plug-ins that authenticate change in the plan, in their order. */
  amendments: readonly Amendment[] | undefined = undefined
  /** Of the member of a channel that is called. */
  memberGroup: { readonly id: string; readonly name: string } | undefined = undefined
  /** What a frontend authorizer said of the caller, by key; byte strings. */
  frontendContext: ReadonlyMap<string, string> | undefined = undefined
  /** As `frontendContext`, of the authorizer of the backend. */
  backendContext: ReadonlyMap<string, string> | undefined = undefined
  /** Id of the authorizer that the caller has passed beside another way to authenticate. */
  secondFactor = ''
  /** Calls the function that is the backend; undefined: another backend is. */
  callFunction: (() => Promise<Reply>) | undefined = undefined
  /** Of the function that was called. */
  functionUrn = ''
  /** Most bytes of body that this exchange may bring; the engine's setting until a step knows better. */
  bodyLimit: number
  /** Milliseconds between two pieces of its body; the engine's setting until the instance is known. */
  bodyTimeout: number
  /** Header lines that go onto the reply, whoever makes it, each ended by CRLF. */
  replyHeaders = ''
  /** Lower-case names of lines that the reply has and the client does not get. */
  withheld: ReadonlySet<string> | undefined = undefined
  /** Set just before the head of the reply is written; undefined: the body is sent as it is. */
  gzip: Compression | undefined = undefined
  /** Who reads along what goes to the backend, and what comes to the client. */
  requestTap: BodyTap | undefined = undefined
  replyTap: ReplyTap | undefined = undefined
  /** What the cache did: `HIT`, `MISS`, `EXPIRED`, `BYPASS`; empty where there is none. */
  cacheStatus = ''
  /** Of the circuit breaker that the call to the backend counts for, until it has. */
  trigger: Trigger | undefined = undefined
  // What happened, for the record.
  status = 0
  errorCode = ''
  errorType = ''
  bytesIn = 0
  bodyBytesIn = 0
  bytesOut = 0
  /** From and to backends at public addresses, over all attempts. */
  publicBytesIn = 0
  publicBytesOut = 0
  upstreamAddress = ''
  upstreamStatus = 0
  /** Monotonic milliseconds: start of the last attempt, its connection ready, its first byte, its last byte. */
  upstreamStartedAt = 0
  upstreamConnectedAt = 0
  upstreamHeadAt = 0
  upstreamEndedAt = 0
  /** Sum over attempts, milliseconds. */
  upstreamTotal = 0
  finishedAt = 0

  constructor(
    readonly connection: ExchangeConnection,
    requestId: string,
    receivedAt: number,
    startedAt: number,
    head: RequestHead,
    peerAddress: string,
    listenerPort: number,
    secure: boolean,
    { bodyLimit, bodyTimeout }: BodyAllowance,
  ) {
    this.requestId = requestId
    this.receivedAt = receivedAt
    this.startedAt = startedAt
    this.head = head
    this.peerAddress = peerAddress
    this.sourceAddress = peerAddress
    this.listenerPort = listenerPort
    this.secure = secure
    this.bodyLimit = bodyLimit
    this.bodyTimeout = bodyTimeout
  }
}

interface BodyAllowance {
  readonly bodyLimit: number
  readonly bodyTimeout: number
}

/** What the handshake of a connection has established. */
export interface TlsFacts {
  /** `TLSv1.1`, `TLSv1.2` or `TLSv1.3` */
  readonly version: string
  /** Roots, in PEM, that the client's certificate was verified with; `undefined` when it showed none, or a bad one. */
  readonly verifiedBy: string | undefined
}

/** What a step may ask of the connection that carries the exchange. */
export interface ExchangeConnection {
  /** `undefined` where the connection is not by TLS. */
  readonly tls?: TlsFacts | undefined
  /** Three fields of the access log, as the PROXY header of the connection says them. */
  readonly proxyFields: string
  /**
   * Reads the whole body into `exchange.body`. Answers `too-large` past `limit` bytes and `timeout` when the client is
   * too slow; rejects only when the client is gone.
   */
  collectBody(exchange: Exchange, limit: number): Promise<'ok' | 'too-large' | 'timeout'>
}
