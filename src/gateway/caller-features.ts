/** Features of an instance by which callers are told apart and recorded (features.md §2), read once per change. */
import type { InstancePart } from '../snapshot/parts.js'
import { compileCustomFields, type CustomFields } from '../telemetry/custom-fields.js'
import { logStream, type LogStream } from '../telemetry/log-streams.js'
import { consumedHeaders, type ConsumedHeaders } from './auth/consumed-headers.js'
import { compileTokenAllow, type TokenAllow } from './auth/token-allow.js'
import { isWritableHeader } from './backends/header-lines.js'
import { member, read, texts } from './features.js'
import type { SourceFeatures } from './source-address.js'

export interface CallerFeatures {
  /** `real_ip_header_getter`, `real_ip_from_xff` */
  readonly source: SourceFeatures
  readonly modes: AppModes
  /** What of the callers' credentials does not go on. */
  readonly consumed: ConsumedHeaders
  /** `app_route`: calls to an address of the gateway find APIs by who calls. */
  readonly routesByApp: boolean
  /** `x_hw_security_token` */
  readonly hwSecurityToken: boolean
  /** `backend_token_allow`; undefined: no token of IAM goes on to backends. */
  readonly tokenAllow: TokenAllow | undefined
  /** `custom_auth_header.backend_sign_header`; empty for `Authorization`. */
  readonly signatureHeader: string
  /** `public_key`: below which path backends find public keys; undefined: the feature is off. */
  readonly publicKeyPrefix: string | undefined
  /** `custom_log`; undefined: nothing is logged. */
  readonly customFields: CustomFields | undefined
  /** `lts`; undefined: the instance has no access log of its own. */
  readonly logStream: LogStream | undefined
}

/** Ways to show an app besides AppCodes and signatures (authentication.md §3). */
export interface AppModes {
  /** `custom_auth_header.app_auth_header`, in lower case: where credentials are instead of `authorization`. */
  readonly credentialHeader: string
  readonly basic: boolean
  readonly secret: boolean
  readonly apiKey: boolean
  readonly aiApiKey: boolean
  /** Header of `app_jwt`, in lower case; undefined: off. */
  readonly jwtHeader: string | undefined
  readonly token: TokenFeature | undefined
}

/** `app_token` */
export interface TokenFeature {
  /** Path of the endpoint. */
  readonly path: string
  readonly key: string
  readonly accessSeconds: number
  readonly refreshSeconds: number
}

const noModes: AppModes = {
  credentialHeader: 'authorization',
  basic: false,
  secret: false,
  apiKey: false,
  aiApiKey: false,
  jwtHeader: undefined,
  token: undefined,
}

export const defaultCallerFeatures: CallerFeatures = {
  source: {},
  modes: noModes,
  consumed: consumedHeaders(noModes, false),
  routesByApp: false,
  hwSecurityToken: false,
  tokenAllow: undefined,
  signatureHeader: '',
  publicKeyPrefix: undefined,
  customFields: undefined,
  logStream: undefined,
}

export function callerFeaturesOf(part: InstancePart): CallerFeatures {
  const modes = appModes(part)
  const routesByApp = read(part, 'app_route') !== undefined
  return {
    source: sourceFeatures(part),
    modes,
    consumed: consumedHeaders(modes, routesByApp),
    routesByApp,
    hwSecurityToken: read(part, 'x_hw_security_token') !== undefined,
    tokenAllow: compileTokenAllow(texts(member(read(part, 'backend_token_allow'), 'backend_token_allow_users'))),
    signatureHeader: headerName(member(read(part, 'custom_auth_header'), 'backend_sign_header')),
    publicKeyPrefix: publicKeyPrefix(read(part, 'public_key')),
    customFields: compileCustomFields(member(read(part, 'custom_log'), 'custom_logs')),
    logStream: logStreamOf(part),
  }
}

function appModes(part: InstancePart): AppModes {
  const jwt = read(part, 'app_jwt')
  const isOn = (name: string): boolean => read(part, name) !== undefined
  return {
    credentialHeader:
      headerName(member(read(part, 'custom_auth_header'), 'app_auth_header')).toLowerCase() || 'authorization',
    basic: isOn('app_basic'),
    secret: isOn('app_secret'),
    apiKey: isOn('app_api_key'),
    aiApiKey: isOn('ai_api_key'),
    jwtHeader: jwt === undefined ? undefined : headerName(member(jwt, 'auth_header')).toLowerCase() || 'authorization',
    token: tokenFeature(read(part, 'app_token')),
  }
}

function tokenFeature(config: unknown): TokenFeature | undefined {
  if (config === undefined) return undefined
  return {
    path: text(member(config, 'app_token_uri')) || '/v1/apigw/oauth2/token',
    key: text(member(config, 'app_token_key')),
    accessSeconds: seconds(member(config, 'app_token_expire_time')) ?? 3_600,
    refreshSeconds: seconds(member(config, 'refresh_token_expire_time')) ?? 7_200,
  }
}

/** One that is nothing but `/` would hide all APIs. */
function publicKeyPrefix(config: unknown): string | undefined {
  if (config === undefined) return undefined
  const prefix = text(member(config, 'public_key_uri_prefix'))
  return prefix.length > 1 ? prefix : '/apigw/authadv/v2/public-key/'
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

function logStreamOf(part: InstancePart): LogStream | undefined {
  const config = read(part, 'lts')
  if (config === undefined) return undefined
  const named = (...members: string[]): string | undefined =>
    members.map((name) => text(member(config, name))).find((name) => name !== '')
  return logStream(part.id, named('log_group', 'group_id') ?? 'default', named('log_stream', 'topic_id') ?? 'access')
}

function headerName(value: unknown): string {
  const name = text(value)
  return isWritableHeader(name) ? name : ''
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function seconds(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : undefined
}
