/** Plug-in `third_auth`: authentication.md §6. */
import { z } from 'zod'
import { expression, flag, headerName, hostAndPort, httpPath, parameters, ruleName, rulesOf } from './pieces.js'

const identities = z
  .array(z.looseObject({ name: z.string().min(1).max(64) }))
  .max(10)
  .nullish()

/** Replies of the cloud show 1 and 2 where requests have truth values. */
const channelFlag = z.union([z.boolean(), z.literal(1), z.literal(2)]).nullish()

const request = z
  .looseObject({
    method: z.enum(['GET', 'POST', 'PUT', 'HEAD']),
    protocol: z.enum(['HTTP', 'HTTPS']),
    url_domain: hostAndPort.or(z.literal('')).nullish(),
    path: httpPath,
    /** Milliseconds. */
    timeout: z.int().min(1).max(60_000).nullish(),
    vpc_channel_enabled: channelFlag,
    vpc_channel_info: z
      .looseObject({ vpc_id: z.string().max(64).nullish(), vpc_proxy_host: z.string().max(255).nullish() })
      .nullish(),
  })
  .refine((content) => (usesChannel(content) ? Boolean(content.vpc_channel_info?.vpc_id) : Boolean(content.url_domain)))

export const thirdAuth = z
  .looseObject({
    auth_request: request,
    identities: z.looseObject({ headers: identities, queries: identities, query: identities }).nullish(),
    carry_body: z.looseObject({ enabled: flag, max_body_size: z.int().min(0).nullish() }).nullish(),
    carry_path_enabled: flag,
    return_resp_body_enabled: flag,
    carry_resp_headers: z.array(headerName).max(10).nullish(),
    carry_resp_header: z.array(headerName).max(10).nullish(),
    simple_auth_mode_enabled: flag,
    match_auth: z.looseObject({ key: z.string().nullish(), value: z.string().nullish() }).nullish(),
    rule_enabled: flag,
    rule_type: z.enum(['allow', 'deny']).nullish(),
    parameters,
    rules: rulesOf(z.looseObject({ rule_name: ruleName, match_regex: expression })),
    custom_forbid_limit: z.int().min(0).max(2_147_483_647).nullish(),
    auth_downgrade_enabled: flag,
  })
  // Without the simple mode only a header of the reply can tell success.
  .refine(({ simple_auth_mode_enabled, match_auth }) => simple_auth_mode_enabled === true || Boolean(match_auth?.key))
  .refine(({ rule_enabled, rule_type }) => rule_enabled !== true || Boolean(rule_type))

/** The channel that the authorizer is called through. */
export function channelsOfThirdAuth({ auth_request }: z.infer<typeof thirdAuth>): string[] {
  const id = auth_request.vpc_channel_info?.vpc_id
  return usesChannel(auth_request) && id ? [id] : []
}

function usesChannel({ vpc_channel_enabled: enabled }: { vpc_channel_enabled?: boolean | 1 | 2 | null | undefined }) {
  return enabled === true || enabled === 1
}
