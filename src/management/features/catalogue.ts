/**
 * What an instance can be told to do beyond its resources (features.md §2): every feature, the configuration that it
 * has before anyone sets it, and what configuration it accepts. Configurations are texts that are kept and returned
 * as they came; members that a feature does not know are no error.
 */
import { z } from 'zod'
import {
  addressList,
  certificatePair,
  cidrList,
  customLogs,
  headerName,
  onOff,
  regularExpressions,
  uriPath,
  uriPrefix,
  withSwitch,
} from './config-shapes.js'

export interface Feature {
  readonly enable: boolean
  readonly config: string
  /** Texts are read as JSON first, unless the feature takes plain text. */
  readonly plain?: true
  readonly shape: z.ZodType
}

const offByDefault = { enable: false, config: 'off', plain: true, shape: onOff } as const satisfies Feature

const TLS_1_2_SUITES = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
] as const

const MEBIBYTE = 1_048_576
const LARGEST_BODY = 9_536 * MEBIBYTE
const seconds = z.int().min(1).max(72_000)

/** In the order in which they are listed. */
export const features: Readonly<Record<string, Feature>> = {
  lts: {
    enable: false,
    config: '{"group_id":"","topic_id":"","log_group":"","log_stream":""}',
    shape: z.looseObject({
      group_id: z.string().optional(),
      topic_id: z.string().optional(),
      log_group: z.string().optional(),
      log_stream: z.string().optional(),
    }),
  },
  ratelimit: {
    enable: true,
    config: '{"api_limits":200}',
    shape: z.looseObject({ api_limits: z.int().min(1).max(1_000_000) }),
  },
  request_body_size: {
    enable: true,
    config: String(12 * MEBIBYTE),
    plain: true,
    shape: z
      .string()
      .regex(/^[1-9]\d{0,15}$/)
      .refine((text) => Number(text) >= MEBIBYTE && Number(text) <= LARGEST_BODY),
  },
  backend_timeout: {
    enable: true,
    config: '{"max_timeout":60000}',
    shape: z.looseObject({ max_timeout: z.int().min(1).max(600_000) }),
  },
  app_token: {
    enable: false,
    config:
      '{"enable":"off","app_token_expire_time":3600,"refresh_token_expire_time":7200,"app_token_uri":"/v1/apigw/oauth2/token","app_token_key":""}',
    shape: withSwitch({
      app_token_expire_time: seconds.optional(),
      refresh_token_expire_time: seconds.optional(),
      app_token_uri: uriPath.optional(),
      app_token_key: z.string().optional(),
    }),
  },
  app_api_key: offByDefault,
  app_basic: offByDefault,
  app_secret: offByDefault,
  app_jwt: {
    enable: false,
    config: '{"enable":"off","auth_header":"Authorization"}',
    shape: withSwitch({ auth_header: headerName.optional() }),
  },
  ai_api_key: offByDefault,
  public_key: {
    enable: false,
    config: '{"enable":"off","public_key_uri_prefix":"/apigw/authadv/v2/public-key/"}',
    shape: withSwitch({ public_key_uri_prefix: uriPrefix.optional() }),
  },
  backend_token_allow: {
    enable: false,
    config: '{"backend_token_allow_users":[]}',
    shape: z.looseObject({ backend_token_allow_users: regularExpressions }),
  },
  backend_client_certificate: {
    enable: false,
    config: '{"enable":"off","ca":"","content":"","key":""}',
    shape: certificatePair,
  },
  ssl_ciphers: {
    enable: true,
    config: JSON.stringify({ ssl_ciphers: TLS_1_2_SUITES }),
    shape: z.looseObject({ ssl_ciphers: z.array(z.enum(TLS_1_2_SUITES)).min(1) }),
  },
  real_ip_from_xff: {
    enable: false,
    config: '{"enable":"off","xff_index":-1}',
    shape: withSwitch({ xff_index: z.int32().optional() }),
  },
  real_ip_header_getter: {
    enable: false,
    config: '{"enable":"off","header_getter":""}',
    shape: withSwitch({
      header_getter: z
        .string()
        .regex(/^header:[\w!#$%&'*+.^`|~-]+$/)
        .or(z.literal(''))
        .optional(),
    }).refine(({ enable, header_getter }) => enable !== 'on' || header_getter),
  },
  app_route: offByDefault,
  vpc_name_modifiable: { enable: true, config: 'on', plain: true, shape: onOff },
  default_group_host_trustlist: {
    enable: false,
    config: '{"enable":"off","hosts":[]}',
    shape: withSwitch({ hosts: addressList }),
  },
  throttle_strategy: {
    enable: false,
    config: '{"enable":"off","strategy":"cluster"}',
    shape: withSwitch({ strategy: z.enum(['cluster', 'local']).optional() }),
  },
  custom_log: { enable: false, config: '{"custom_logs":[]}', shape: customLogs },
  policy_cookie_param: offByDefault,
  custom_auth_header: {
    enable: false,
    config: '{"enable":"off","app_auth_header":"","backend_sign_header":""}',
    shape: withSwitch({
      app_auth_header: headerName.or(z.literal('')).optional(),
      backend_sign_header: headerName.or(z.literal('')).optional(),
    }),
  },
  gzip: {
    enable: false,
    config: '{"enable":"off","comp_level":6}',
    shape: withSwitch({ comp_level: z.int().min(1).max(9).optional() }),
  },
  sse_strategy: offByDefault,
  vpc_health_status: offByDefault,
  request_custom_config: {
    enable: true,
    config: '{"http2_enable":true,"request_body_timeout":8}',
    shape: z.looseObject({
      http2_enable: z.boolean().optional(),
      request_body_timeout: z.int().min(1).max(600).optional(),
    }),
  },
  api_uri_no_escape: offByDefault,
  x_hw_security_token: offByDefault,
  authorizer_context_support_num_bool: offByDefault,
  route: {
    enable: true,
    config: '{"user_routes":[]}',
    shape: z.looseObject({ user_routes: cidrList.nullable().optional() }),
  },
}

/** What the gateway can do without being told (features.md §3). */
const markers: readonly string[] = [
  'gateway_responses',
  'sign_basic',
  'multi_auth',
  'cors',
  'app_quota',
  'app_acl',
  'set_resp_headers',
  'vpc_backup',
  'watch_instance',
  'sign_aes',
  'kafka_log',
  'backend_retry_count',
  'policy_sys_param',
  'breaker',
  'breakerv2',
  'content_type_configurable',
  'rate_limit_plugin',
  'rate_limit_algorithm',
  'mock_status_code_and_header',
]

/** Names of all that an instance supports, configurable or not. */
export const supportedFeatures: readonly string[] = [...Object.keys(features), ...markers]

export const featureOf = (name: string): Feature | undefined =>
  Object.hasOwn(features, name) ? features[name] : undefined

export const isMarker = (name: string): boolean => markers.includes(name)
