/** What must hold inside a rule, and inside the chain of rules of one parameter: backends.md §10, lifecycle.md §7.5. */
import { fault } from '../../contract/faults.js'
import type {
  OrchestrationCreate,
  OrchestrationMap,
  OrchestrationMapParamRange,
} from '../../contract/generated/schemas.js'
import { isOrchestrationNameTaken, orchestrationsAmong, type Orchestration } from '../../store/orchestrations.js'
import type { OrchestrationRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'

type Strategy = OrchestrationRow['strategy']

/** Rules that an instance can have. */
export const MOST_RULES = 200

/** Entries of a `list` rule times the values of its longest entry. */
const MOST_LISTED = 3_000

const withValue: ReadonlySet<Strategy> = new Set(['list', 'range', 'hash_range', 'none_value', 'default'])

/**
 * The entries of a rule as they are kept: each with the one condition that its strategy has, and the value that it maps
 * to, empty where the strategy makes the value itself.
 *
 * @throws {Fault} 2001 `orchestration_map`, `mapped_param_value`, `range_start`, `range_end`; 2011 `orchestration_map`
 *   for entries that are not needed or come twice, `map_param_list`, `range_end`
 */
export function entriesOf(
  body: Pick<OrchestrationCreate, 'orchestration_strategy' | 'orchestration_map'>,
): OrchestrationMap[] {
  const { orchestration_strategy: strategy, orchestration_map: given = [] } = body
  if (strategy === 'hash') {
    if (given.length > 0) throw fault('APIG.2011', { name: 'orchestration_map' })
    return []
  }
  if (given.length === 0) throw fault('APIG.2001', { name: 'orchestration_map' })
  const entries = given.map((entry) => {
    const { mapped_param_value: value = '' } = entry
    if (withValue.has(strategy) && value === '') throw fault('APIG.2001', { name: 'mapped_param_value' })
    return { ...conditionOf(entry, strategy), mapped_param_value: value }
  })
  if (strategy === 'list') listsAreApart(entries)
  else if (new Set(entries.map((entry) => JSON.stringify(conditionOf(entry, strategy)))).size < entries.length)
    throw fault('APIG.2011', { name: 'orchestration_map' })
  return entries
}

/** What is compared for these can't be the result of another rule: whether there is a value, whether nothing matched. */
export function mayPreprocess({ orchestration_strategy: strategy, is_preprocessing }: OrchestrationCreate): void {
  if (is_preprocessing === true && (strategy === 'none_value' || strategy === 'default'))
    throw fault('APIG.2011', { name: 'is_preprocessing' })
}

/**
 * One `none_value` and one `default` at most, and at the end something that gives a result.
 *
 * @param rules of one parameter, in its order
 */
export function isSoundChain(rules: readonly Orchestration[]): boolean {
  const count = (strategy: Strategy): number => rules.filter((rule) => rule.strategy === strategy).length
  const last = rules.findLast(({ strategy }) => strategy !== 'default')
  return count('none_value') <= 1 && count('default') <= 1 && last?.isPreprocessing !== true
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isOrchestrationNameTaken(db, instanceId, name, except)) throw fault('APIG.3331')
}

export async function theOrchestration({ db, instanceId }: OperationContext, id: string): Promise<Orchestration> {
  const rule = (await orchestrationsAmong(db, instanceId, [id])).get(id)
  if (rule === undefined) throw fault('APIG.3095')
  return rule
}

function conditionOf(entry: OrchestrationMap, strategy: Strategy): OrchestrationMap {
  switch (strategy) {
    case 'list':
      return { map_param_list: entry.map_param_list ?? [] }
    case 'range':
    case 'hash_range':
      return { map_param_range: rangeOf(entry.map_param_range ?? {}) }
    case 'head_n':
    case 'tail_n':
      return { intercept_length: entry.intercept_length }
    case 'hash':
    case 'none_value':
    case 'default':
      return {}
  }
}

function rangeOf({ range_start: start, range_end: end }: OrchestrationMapParamRange): OrchestrationMapParamRange {
  if (!start) throw fault('APIG.2001', { name: 'range_start' })
  if (!end) throw fault('APIG.2001', { name: 'range_end' })
  if (BigInt(start) > BigInt(end)) throw fault('APIG.2011', { name: 'range_end' })
  return { range_start: start, range_end: end }
}

function listsAreApart(entries: readonly OrchestrationMap[]): void {
  const lists = entries.map(({ map_param_list: list = [] }) => list)
  const longest = Math.max(...lists.map(({ length }) => length))
  const values = lists.flat()
  if (lists.length * longest > MOST_LISTED || new Set(values).size < values.length)
    throw fault('APIG.2011', { name: 'map_param_list' })
}
