/** Plug-in `rate_limit`: policies.md §2. */
import { z } from 'zod'
import { expression, parameters, ruleName, rulesOf } from './pieces.js'

const MOST = 2_147_483_647
/** Special limits of each kind. */
const MOST_SPECIALS = 30

const unit = z.enum(['second', 'minute', 'hour', 'day'])
const interval = z.int().min(1).max(MOST)
const limit = z.int().min(1).max(MOST)
/** 0 is no limit. */
const callerLimit = z.int().min(0).max(MOST).nullish()

const special = z.looseObject({
  type: z.enum(['app', 'user']),
  policies: z
    .array(z.looseObject({ key: z.string().min(1).max(64), limit }))
    .max(MOST_SPECIALS)
    .nullish(),
})

const rule = z.looseObject({
  rule_name: ruleName,
  match_regex: expression,
  time_unit: unit.nullish(),
  interval: interval.nullish(),
  limit,
})

export const rateLimit = z
  .looseObject({
    scope: z.enum(['basic', 'share']).nullish(),
    default_time_unit: unit.nullish(),
    default_interval: interval,
    api_limit: limit.or(z.literal(-1)),
    app_limit: callerLimit,
    user_limit: callerLimit,
    ip_limit: callerLimit,
    algorithm: z.enum(['counter', 'haht', 'local']).nullish(),
    specials: z.array(special).nullish(),
    parameters,
    rules: rulesOf(rule),
  })
  .refine(({ api_limit, app_limit, user_limit, ip_limit, specials }) => {
    if (api_limit === -1) return true
    const special = (specials ?? []).flatMap(({ policies }) => (policies ?? []).map((policy) => policy.limit))
    return [app_limit ?? 0, user_limit ?? 0, ip_limit ?? 0, ...special].every((limit) => limit <= api_limit)
  })
  .refine(({ specials }) =>
    ['app', 'user'].every((type) => {
      const keys = (specials ?? [])
        .flatMap((one) => (one.type === type ? (one.policies ?? []) : []))
        .map(({ key }) => key)
      return keys.length <= MOST_SPECIALS && new Set(keys).size === keys.length
    }),
  )
