/** Features of an instance that change what its gateway does (features.md §2), read once per change. */
import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { InstancePart } from '../snapshot/parts.js'
import type { BackendIdentity } from './exchange.js'

export interface Features {
  /** `ratelimit.api_limits`: calls a second of an API without a throttling policy. */
  readonly defaultLimit: number
  /** `request_body_size`: bytes. */
  readonly bodyLimit: number
  /** `default_group_host_trustlist.hosts`: addresses of others that lead to the DEFAULT group. */
  readonly trustedHosts: readonly string[]
  /** `policy_cookie_param`: cookies count in conditions. */
  readonly cookieConditions: boolean
  /** `api_uri_no_escape`: what is decided by a path is decided by it as it was sent. */
  readonly pathsAsSent: boolean
  /** `authorizer_context_support_num_bool`: contexts of authorizers may hold numbers and truth values. */
  readonly typedContexts: boolean
  /** `ssl_ciphers`: suites that TLS 1.2 may use. */
  readonly ciphers: readonly string[]
  /** `request_custom_config.http2_enable` */
  readonly http2: boolean
  /**
   * `request_custom_config.request_body_timeout`, in milliseconds: between two pieces of a request body; undefined: as
   * the engine is set.
   */
  readonly bodyTimeout: number | undefined
  /** `throttle_strategy`: whether every process of the gateway counts for itself, or all of them together. */
  readonly countsLocally: boolean
  /** `sse_strategy`: streams of events are passed on to each caller, and never kept for others. */
  readonly passesEvents: boolean
  /** `gzip.comp_level`, 1 to 9; undefined: replies are not compressed. */
  readonly gzipLevel: number | undefined
  /** `backend_client_certificate`: what backends are shown whose APIs ask for it. */
  readonly backendIdentity: BackendIdentity | undefined
}

export const defaultFeatures: Features = {
  defaultLimit: 200,
  bodyLimit: 12 * 1024 * 1024,
  trustedHosts: [],
  cookieConditions: false,
  pathsAsSent: false,
  typedContexts: false,
  ciphers: [
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-SHA384',
    'ECDHE-RSA-AES256-SHA384',
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-RSA-AES128-SHA256',
  ],
  http2: true,
  bodyTimeout: undefined,
  countsLocally: false,
  passesEvents: false,
  gzipLevel: undefined,
  backendIdentity: undefined,
}

/** A feature whose text cannot be read is as if it were off: a gateway goes on with what it understands. */
export function featuresOf(part: InstancePart): Features {
  const custom = read(part, 'request_custom_config')
  return {
    defaultLimit: count(member(read(part, 'ratelimit'), 'api_limits')) ?? defaultFeatures.defaultLimit,
    bodyLimit: count(read(part, 'request_body_size')) ?? defaultFeatures.bodyLimit,
    trustedHosts: texts(member(read(part, 'default_group_host_trustlist'), 'hosts')),
    cookieConditions: read(part, 'policy_cookie_param') !== undefined,
    pathsAsSent: read(part, 'api_uri_no_escape') !== undefined,
    typedContexts: read(part, 'authorizer_context_support_num_bool') !== undefined,
    ciphers: ciphers(member(read(part, 'ssl_ciphers'), 'ssl_ciphers')),
    http2: member(custom, 'http2_enable') !== false,
    bodyTimeout: milliseconds(member(custom, 'request_body_timeout')),
    countsLocally: member(read(part, 'throttle_strategy'), 'strategy') === 'local',
    passesEvents: read(part, 'sse_strategy') !== undefined,
    gzipLevel: gzipLevel(read(part, 'gzip')),
    backendIdentity: identity(read(part, 'backend_client_certificate')),
  }
}

/** The configuration of a feature that is active; `undefined` when it is off or not set. */
export function read(part: InstancePart, name: string): unknown {
  const feature = part.features[name]
  if (feature?.enable !== true) return undefined
  const value = parse(feature.config)
  const off = value === 'off' || member(value, 'enable') === 'off'
  return off ? undefined : value
}

function parse(config: string): unknown {
  try {
    return JSON.parse(config)
  } catch (error) {
    if (error instanceof SyntaxError) return config
    throw error
  }
}

export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function count(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined
}

function milliseconds(seconds: unknown): number | undefined {
  const whole = count(seconds)
  return whole === undefined ? undefined : whole * 1000
}

function gzipLevel(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const level = count(member(value, 'comp_level')) ?? 6
  return level <= 9 ? level : 6
}

function identity(value: unknown): BackendIdentity | undefined {
  const [certificate, key, ca] = [member(value, 'content'), member(value, 'key'), member(value, 'ca')]
  if (typeof certificate !== 'string' || typeof key !== 'string' || certificate === '' || key === '') return undefined
  const roots = typeof ca === 'string' && ca !== '' ? ca : undefined
  try {
    // What OpenSSL refuses here, it would refuse to every connection.
    createSecureContext({ cert: certificate, key, ...(roots !== undefined && { ca: roots }) })
  } catch {
    return undefined
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([certificate, key, roots]))
    .digest('hex')
  return { digest, certificate, key, ca: roots }
}

/** Names that the gateway does not know are passed over: they would be instructions to OpenSSL. */
function ciphers(value: unknown): readonly string[] {
  const allowed = defaultFeatures.ciphers.filter((name) => texts(value).includes(name))
  return allowed.length > 0 ? allowed : defaultFeatures.ciphers
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
