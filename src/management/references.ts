/** What requests of several families refer to, or the refusal when it is not there (errors.md §4). */
import { fault } from '../contract/faults.js'
import { findEnvironment } from '../store/environments.js'
import { findGroup } from '../store/groups.js'
import { publicationsAmong, type Published } from '../store/published-apis.js'
import { isApi, namesOfApis } from '../store/references.js'
import type { OperationContext } from './operation.js'

/** Ids that one list of a request may have (quotas.md §7). */
const MOST_IDS = 1_000

/** The different ids of a list of the body, in order; the list may be neither empty nor longer than 1,000. */
export function distinctIds(ids: readonly string[], name: string): readonly string[] {
  const distinct = [...new Set(ids)]
  if (distinct.length === 0) throw fault('APIG.2001', { name })
  if (distinct.length > MOST_IDS) throw fault('APIG.2011', { name })
  return distinct
}

/** The name of an environment. */
export async function theEnvironment({ db, instanceId }: OperationContext, id: string): Promise<string> {
  const environment = await findEnvironment(db, instanceId, id)
  if (environment === undefined) throw fault('APIG.3003', { id })
  return environment.name
}

export async function theApi({ db, instanceId }: OperationContext, id: string): Promise<void> {
  if (!(await isApi(db, instanceId, id))) throw fault('APIG.3002', { id })
}

export async function theGroup({ db, instanceId }: OperationContext, id: string): Promise<void> {
  if ((await findGroup(db, instanceId, id)) === undefined) throw fault('APIG.3001', { id })
}

/** Names of all these APIs; one that does not exist refuses the whole request. */
export async function allApis(
  { db, instanceId }: OperationContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = await namesOfApis(db, instanceId, ids)
  for (const id of ids) if (!names.has(id)) throw fault('APIG.3002', { id })
  return names
}

/** In the order asked for; one that does not exist refuses the whole request, and nothing is bound (errors.md §4). */
export async function allPublications(
  { db, instanceId }: OperationContext,
  ids: readonly string[],
): Promise<readonly Published[]> {
  const known = new Map((await publicationsAmong(db, instanceId, ids)).map((row) => [row.publish_id, row]))
  return ids.map((id) => {
    const published = known.get(id)
    if (published === undefined) throw fault('APIG.3015')
    return published
  })
}
