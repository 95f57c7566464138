/**
 * Plug-in `rate_limit` (policies.md §2): limits in the place of the API's throttling policy, counted by the same step
 * (throttle.ts). By the algorithm `local` each process counts for itself; the other two are one here: the processes of a
 * node count together and exactly, and no node asks another.
 */
import type { BoundPlugin } from '../bound-plugins.js'
import type { LimitPolicy } from '../limit-counters.js'
import { compileRule, ruleVariables, type RuleSurroundings } from '../rule-expression.js'

/** @throws {PluginDefect} */
export function compileRateLimit(
  plugin: BoundPlugin<'rate_limit'> | undefined,
  surroundings: RuleSurroundings,
): LimitPolicy | undefined {
  if (plugin === undefined) return undefined
  const { content } = plugin
  const unit = unitOf(content.default_time_unit ?? 'second')
  const interval = content.default_interval
  const variable = ruleVariables(content.parameters ?? [], surroundings)
  return {
    key: `rate_limit:${plugin.id}`,
    local: content.algorithm === 'local',
    scope: content.scope === 'share' ? 'shared' : 'api',
    interval,
    unit,
    apiLimit: content.api_limit === -1 ? 0 : content.api_limit,
    userLimit: content.user_limit ?? 0,
    appLimit: content.app_limit ?? 0,
    ipLimit: content.ip_limit ?? 0,
    specials: (content.specials ?? []).flatMap(({ type, policies }) =>
      (policies ?? []).map(({ key, limit }) => ({ type: type === 'app' ? 'APP' : 'USER', objectId: key, limit })),
    ),
    rules: (content.rules ?? []).map((rule) => ({
      name: rule.rule_name,
      matches: compileRule(rule.match_regex, variable),
      interval: rule.interval ?? interval,
      unit: rule.time_unit ? unitOf(rule.time_unit) : unit,
      limit: rule.limit,
    })),
  }
}

const UNITS = { second: 'SECOND', minute: 'MINUTE', hour: 'HOUR', day: 'DAY' } as const

const unitOf = (unit: keyof typeof UNITS): LimitPolicy['unit'] => UNITS[unit]
