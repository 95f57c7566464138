/** Rules of the orchestration rules of an API: backends.md §10. */
import { fault } from '../../contract/faults.js'
import type { ApiConditionBase, ApiCreate } from '../../contract/generated/schemas.js'
import type { Orchestration } from '../../store/orchestrations.js'
import { isSoundChain } from '../orchestrations/rules.js'
import { policiesOf } from './backends.js'

/** Orchestration rules that an API can have. */
const MOST_RULES = 10

/**
 * One parameter at most has rules; what they make clashes with no other parameter, and is all that conditions compare.
 *
 * @param known the rules that exist, by id
 * @throws {Fault} 3095 unknown rule, 3151 too many, 3209 clash, 2011 `orchestrations` or `mapped_param_name`
 */
export function orchestrationsFit(api: ApiCreate, known: ReadonlyMap<string, Orchestration>): void {
  const [chain = [], ...others] = (api.req_params ?? []).flatMap(({ orchestrations: ids }) =>
    ids?.length ? [ids] : [],
  )
  const rules = chain.map((id) => {
    const rule = known.get(id)
    if (rule === undefined) throw fault('APIG.3095')
    return rule
  })
  if (rules.length > MOST_RULES) throw fault('APIG.3151')
  if (others.length > 0 || new Set(chain).size < chain.length || !isSoundChain(rules))
    throw fault('APIG.2011', { name: 'orchestrations' })

  const made = new Set(rules.flatMap(({ mappedParam }) => (mappedParam ? [placeOf(mappedParam)] : [])))
  for (const { location, name } of [...(api.req_params ?? []), ...(api.backend_params ?? [])])
    if (made.has(placeOf({ mapped_param_location: location, mapped_param_name: name }))) throw fault('APIG.3209')
  for (const { conditions } of policiesOf(api))
    for (const condition of conditions)
      if (condition.condition_origin === 'orchestration' && !isMade(condition, rules))
        throw fault('APIG.2011', { name: 'mapped_param_name' })
}

function isMade(
  { mapped_param_name: name = '', mapped_param_location: location }: ApiConditionBase,
  rules: readonly Orchestration[],
): boolean {
  return rules.some(
    ({ isPreprocessing, mappedParam }) =>
      !isPreprocessing &&
      mappedParam !== undefined &&
      placeOf(mappedParam) ===
        placeOf({ mapped_param_name: name, mapped_param_location: location ?? mappedParam.mapped_param_location }),
  )
}

interface Mapped {
  readonly mapped_param_name: string
  readonly mapped_param_location: string
}

/** Header names differ by more than case (RFC 9110 §5.1). */
function placeOf({ mapped_param_name: name, mapped_param_location: location }: Mapped): string {
  const place = location.toLowerCase()
  return `${place} ${place === 'header' ? name.toLowerCase() : name}`
}
