/** Definitions of APIs compared: two of them are the same although each is in a group of its own. */

const KEPT_APART = [
  'id',
  'req_param_id',
  'register_time',
  'update_time',
  'group_id',
  'group_name',
  'response_id',
  'publish_id',
]

/** A definition without what makes it this one. */
export function sameOf(api: unknown): unknown {
  if (Array.isArray(api)) return api.map(sameOf)
  if (typeof api !== 'object' || api === null) return api
  return Object.fromEntries(
    Object.entries(api)
      .filter(([name]) => !KEPT_APART.includes(name) && !/^(?:run_env|publish_|api_group)/.test(name))
      .map(([name, value]) => [name, sameOf(value)]),
  )
}
