/** Plug-in `breaker`: policies.md §7. */
import { z } from 'zod'
import { expression, headerValue, hostAndPort, httpPath, parameters, ruleName, rulesOf, timeout } from './pieces.js'

const MOST = 2_147_483_647
const count = z.int().min(1).max(MOST).nullish()
/** Seconds. */
const period = z.int().min(1).max(3_600)

const condition = z
  .looseObject({
    breaker_type: z.enum(['timeout', 'condition']),
    breaker_mode: z.enum(['counter', 'percentage']),
    unhealthy_condition: z.string().nullish(),
    unhealthy_threshold: count,
    min_call_threshold: count,
    unhealthy_percentage: z.int().min(1).max(100).nullish(),
    time_window: period,
    open_breaker_time: period,
  })
  .refine(({ breaker_type: type, unhealthy_condition: text }) =>
    type === 'condition' ? expression.safeParse(text).success : !text || expression.safeParse(text).success,
  )
  .refine(
    ({ breaker_mode: mode, unhealthy_threshold: calls, min_call_threshold: least, unhealthy_percentage: share }) =>
      mode === 'counter' ? Boolean(calls) : Boolean(least) && Boolean(share),
  )

const header = z.looseObject({
  key: z.string().nullish(),
  name: z.string().nullish(),
  value: headerValue.nullish(),
})

const mock = z.looseObject({
  status_code: z.int().min(200).max(599).nullish(),
  result_content: z.string().nullish(),
  headers: z.array(header).nullish(),
})

const target = {
  isVpc: z.boolean().nullish(),
  vpc_channel_id: z.string().max(64).nullish(),
  vpc_channel_proxy_host: z.string().max(255).nullish(),
  address: z.string().nullish(),
  scheme: z.string().regex(/^https?$/i),
  method: z.string().regex(/^(?:GET|POST|PUT|DELETE|HEAD|PATCH|OPTIONS|ANY)$/i),
  path: httpPath,
  timeout: timeout.nullish(),
}
const http = z.looseObject({ ...target, address: hostAndPort })
const httpOfChannel = z.looseObject({ ...target, vpc_channel_id: z.string().min(1).max(64) })

const functionTarget = z.looseObject({
  function_urn: z.string().min(1).max(255),
  version: z.string().nullish(),
  alias_urn: z.string().nullish(),
  invocation_type: z.string().nullish(),
  timeout: timeout.nullish(),
})

/** Of the members the one that belongs to the type counts; consoles send the others as null or empty. */
const downgrade = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('mock'), mock_info: mock }),
  z.looseObject({ type: z.literal('http'), http_info: http }),
  z.looseObject({ type: z.literal('http-vpc'), http_vpc_info: httpOfChannel }),
  z.looseObject({ type: z.literal('function'), func_info: functionTarget }),
  z.looseObject({
    type: z.literal('passthrough'),
    passthrough_infos: z.array(z.looseObject({ key: z.string().nullish(), name: z.string().nullish() })).nullish(),
  }),
])

const rule = z.looseObject({
  rule_name: ruleName,
  match_regex: expression,
  breaker_condition: condition.nullish(),
  downgrade_backend: downgrade.nullish(),
  parameters: z.array(z.string()).nullish(),
})

export const breaker = z.looseObject({
  scope: z.enum(['basic', 'share']).nullish(),
  breaker_condition: condition,
  downgrade_default: downgrade.nullish(),
  downgrade_parameters: parameters,
  downgrade_rules: rulesOf(rule),
})

/** Channels that a plug-in sends to while it is open. */
export function channelsOfBreaker({ downgrade_default, downgrade_rules }: z.infer<typeof breaker>): string[] {
  return [downgrade_default, ...(downgrade_rules ?? []).map(({ downgrade_backend }) => downgrade_backend)].flatMap(
    (backend) => (backend?.type === 'http-vpc' ? backend.http_vpc_info.vpc_channel_id : []),
  )
}
