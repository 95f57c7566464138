/** One policy of a kind at each API in an environment: another one takes its place, the same one stays as it is. */
import type { Published } from '../store/published-apis.js'

export interface BindingPlan<Binding> {
  readonly replaced: readonly Binding[]
  readonly added: readonly Binding[]
  /** The binding at each place afterwards, in the order of the places. */
  readonly bindings: readonly { readonly binding: Binding; readonly isNew: boolean }[]
}

/**
 * What has to change for a policy to be bound at all places.
 *
 * @param before the bindings of the kind that are there now
 */
export function planBindings<Binding extends Published>(
  places: readonly Published[],
  before: readonly Binding[],
  isOfPolicy: (binding: Binding) => boolean,
  bind: (place: Published) => Binding,
): BindingPlan<Binding> {
  const kept = new Map(before.filter(isOfPolicy).map((binding) => [binding.publish_id, binding]))
  const bindings = places.map((place) => {
    const known = kept.get(place.publish_id)
    return known === undefined ? { binding: bind(place), isNew: true } : { binding: known, isNew: false }
  })
  return {
    replaced: before.filter((binding) => !isOfPolicy(binding)),
    added: bindings.filter(({ isNew }) => isNew).map(({ binding }) => binding),
    bindings,
  }
}

/** Publications of bindings have to be compiled again. */
export function notePlaces(
  changed: (partKey: string) => void,
  places: readonly Pick<Published, 'api_id' | 'env_id'>[],
): void {
  for (const { api_id, env_id } of places) changed(`publication:${api_id}/${env_id}`)
}
