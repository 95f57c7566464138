/**
 * The definition of an API with every default filled in, so that nobody downstream has to know the defaults.
 * Names and values are the contract's (`ApiCreate`); see lifecycle.md §5.1 for the defaults.
 */
export interface ApiDefinition {
  readonly id: string
  readonly name: string
  readonly req_protocol: 'HTTP' | 'HTTPS' | 'BOTH' | 'GRPCS'
  readonly req_method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS' | 'ANY'
  readonly req_uri: string
  readonly match_mode: 'SWA' | 'NORMAL'
  readonly auth_type: 'NONE' | 'APP' | 'IAM' | 'AUTHORIZER'
  readonly app_code_auth_type: 'DISABLE' | 'HEADER'
  readonly authorizer_id?: string
  readonly cors: boolean
  readonly response_id?: string
  readonly content_type?: string
  /** Functions and authorizers get the body as text instead of Base64. */
  readonly function_body_as_text?: boolean
  readonly req_params: readonly RequestParameter[]
  readonly backend: Backend
  readonly policies: readonly PolicyBackend[]
}

export interface RequestParameter {
  readonly name: string
  readonly location: 'PATH' | 'QUERY' | 'HEADER' | 'COOKIE'
  readonly type: 'STRING' | 'NUMBER'
  readonly required: boolean
  readonly validate: boolean
  readonly pass_through: boolean
  readonly default_value?: string
  readonly enumerations?: string
  readonly min_num?: number
  readonly max_num?: number
  readonly min_size?: number
  readonly max_size?: number
  /** Rules that make another parameter of the value, in the order of their priority. */
  readonly orchestrations?: readonly OrchestrationRule[]
}

/** backends.md §10 */
export interface OrchestrationRule {
  readonly strategy: 'list' | 'range' | 'hash' | 'hash_range' | 'none_value' | 'default' | 'head_n' | 'tail_n'
  readonly is_preprocessing: boolean
  /** What the rule makes; a preprocessing rule makes nothing. */
  readonly mapped_param?: MappedParameter
  /** In the order in which they are tried; empty for `hash`. */
  readonly map: readonly OrchestrationEntry[]
}

export interface MappedParameter {
  readonly name: string
  readonly location: 'QUERY' | 'HEADER'
}

/** The one condition that the strategy of its rule has, and the value that is made where it holds. */
export interface OrchestrationEntry {
  readonly list?: readonly string[]
  /** Decimal integers up to 2^63 − 1, both of them inside. */
  readonly range?: readonly [start: string, end: string]
  /** Characters that are taken. */
  readonly length?: number
  readonly value: string
}

export interface BackendParameter {
  readonly name: string
  readonly location: 'PATH' | 'QUERY' | 'HEADER'
  readonly origin: 'REQUEST' | 'CONSTANT' | 'SYSTEM'
  readonly value: string
}

export interface HttpBackend {
  readonly type: 'HTTP'
  readonly req_protocol: 'HTTP' | 'HTTPS' | 'GRPC' | 'GRPCS'
  readonly req_method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH' | 'OPTIONS' | 'ANY'
  readonly req_uri: string
  /** `host[:port]`; absent when a channel is used. */
  readonly url_domain?: string
  readonly vpc_channel_id?: string
  readonly vpc_channel_proxy_host?: string
  /** The groups of the channel whose members are called, each in a way of its own; absent: all, as the back end says. */
  readonly member_groups?: readonly MemberGroupCall[]
  /** The instance's certificate is shown to the backend, if it has one. */
  readonly client_ssl?: boolean
  /** Milliseconds, from the start of connecting to the head of the reply; then between pieces of the body. */
  readonly timeout: number
  /** −1 to 10; −1 repeats idempotent methods once. */
  readonly retry_count: number
  readonly authorizer_id?: string
  readonly params: readonly BackendParameter[]
}

export interface MemberGroupCall extends Pick<HttpBackend, 'req_protocol' | 'req_method' | 'req_uri'> {
  readonly id: string
}

export interface MockBackend {
  readonly type: 'MOCK'
  readonly result_content: string
  readonly status_code: number
  readonly headers: readonly { readonly key: string; readonly value: string }[]
  readonly authorizer_id?: string
  readonly params: readonly BackendParameter[]
}

export interface FunctionBackend {
  readonly type: 'FUNCTION'
  readonly function_urn: string
  readonly version?: string
  /** `<urn>:!<alias>`; wins over the version. */
  readonly alias_urn?: string
  /** Whether the reply is waited for. */
  readonly invocation_type: 'sync' | 'async'
  /** Milliseconds until the reply. */
  readonly timeout: number
  readonly authorizer_id?: string
  readonly params: readonly BackendParameter[]
}

export type Backend = HttpBackend | MockBackend | FunctionBackend

export interface PolicyBackend {
  readonly name: string
  readonly effect_mode: 'ALL' | 'ANY'
  readonly conditions: readonly Condition[]
  readonly backend: Backend
}

export interface Condition {
  readonly origin: 'source' | 'param' | 'system' | 'cookie' | 'frontend_authorizer' | 'orchestration'
  readonly type: 'exact' | 'enum' | 'pattern'
  readonly value: string
  /** Name of the parameter, system value, cookie or context key that is compared. */
  readonly name?: string
  /** Of a parameter that orchestration makes; absent: whichever has the name. */
  readonly location?: MappedParameter['location']
}
