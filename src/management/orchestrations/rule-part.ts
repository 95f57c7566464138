/** A rule as gateways run it. */
import type { OrchestrationEntry, OrchestrationRule } from '../../snapshot/api-definition.js'
import type { Orchestration } from '../../store/orchestrations.js'

export function orchestrationRules(rules: ReadonlyMap<string, Orchestration>): ReadonlyMap<string, OrchestrationRule> {
  return new Map(Array.from(rules, ([id, rule]) => [id, ruleOf(rule)]))
}

function ruleOf({ strategy, isPreprocessing, mappedParam, map }: Orchestration): OrchestrationRule {
  const location = mappedParam?.mapped_param_location === 'header' ? 'HEADER' : 'QUERY'
  return {
    strategy,
    is_preprocessing: isPreprocessing,
    ...(mappedParam && !isPreprocessing && { mapped_param: { name: mappedParam.mapped_param_name, location } }),
    map: map.map(entryOf),
  }
}

function entryOf(entry: Orchestration['map'][number]): OrchestrationEntry {
  const { map_param_list: list, map_param_range: range, intercept_length: length, mapped_param_value: value } = entry
  return {
    ...(list && { list }),
    ...(range && { range: [range.range_start ?? '', range.range_end ?? ''] as const }),
    ...(length !== undefined && { length }),
    value: value ?? '',
  }
}
