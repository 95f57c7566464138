import { fault, type Fault } from '../../contract/faults.js'
import { findApp, isAppKeyTaken, isAppNameTaken, namesOfApps } from '../../store/apps.js'
import type { AppRow } from '../../store/schema.js'
import { breaksUniqueIndex } from '../../store/unique.js'
import type { OperationContext } from '../operation.js'
import { limitOf } from '../quotas.js'

const SWITCHED_OFF = 2

/**
 * The app of a request's path or body.
 *
 * @param unknown the refusal when there is none: operations on apps and operations beside them differ (errors.md §4).
 */
export async function theApp({ db, instanceId }: OperationContext, id: string, unknown = unknownApp): Promise<AppRow> {
  const app = await findApp(db, instanceId, id)
  if (app === undefined) throw unknown(id)
  return app
}

const unknownApp = (id: string): Fault => fault('APIG.3002', { id }, 'app')

/** As {@link unknownApp}, for app codes, authorisations and special limits. */
export const unknownAppBeside = (id: string): Fault => fault('APIG.3004', { id })

/** Names of all these apps; one that does not exist refuses the whole request (errors.md §4). */
export async function allApps(
  { db, instanceId }: OperationContext,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = await namesOfApps(db, instanceId, ids)
  for (const id of ids) if (!names.has(id)) throw unknownAppBeside(id)
  return names
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isAppNameTaken(db, instanceId, name, except)) throw fault('APIG.3203')
}

export async function keyIsFree({ db }: OperationContext, key: string, except?: string): Promise<void> {
  if (await isAppKeyTaken(db, key, except)) throw fault('APIG.3310')
}

/** Two instances may take one key at the same moment: then the index decides. */
export async function orKeyIsTaken(write: Promise<void>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (breaksUniqueIndex(error)) throw fault('APIG.3310')
    throw error
  }
}

/** Choosing key and secret is a right that an operator may take away (`APP_KEY_SECRET_SWITCH`, quotas.md §8). */
export async function mayChoose(
  context: OperationContext,
  chosen: { readonly app_key?: string | undefined; readonly app_secret?: string | undefined },
): Promise<void> {
  const name = chosen.app_key !== undefined ? 'app_key' : chosen.app_secret !== undefined ? 'app_secret' : undefined
  if (name === undefined) return
  if ((await limitOf(context, 'APP_KEY_SECRET_SWITCH')) === SWITCHED_OFF) throw fault('APIG.2011', { name })
}
