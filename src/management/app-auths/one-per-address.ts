/**
 * With the feature `app_route`, gateways find an API by the app, path and method alone (authentication.md §3.8): an app
 * may call one API at an address only, whatever their groups.
 */
import { addressesOfApis, addressesOfApps, type ApiAddress } from '../../store/app-authorizations.js'
import { isFeatureOn } from '../features/state.js'
import type { OperationContext } from '../operation.js'

/**
 * Takes the address of an API for an app, unless it is taken.
 *
 * @returns the name of the other API at the address that the app may call already
 */
export type TakeAddress = (appId: string, apiId: string) => string | undefined

export async function addressesToTake(
  context: OperationContext,
  envId: string,
  appIds: readonly string[],
  apiIds: readonly string[],
): Promise<TakeAddress> {
  if (!(await isFeatureOn(context, 'app_route'))) return () => undefined
  const addresses = new Map((await addressesOfApis(context.db, apiIds)).map((api) => [api.api_id, api]))
  const paths = [...new Set(Array.from(addresses.values(), ({ path_key }) => path_key))]
  const taken = new Map<string, string>()
  for (const api of await addressesOfApps(context.db, envId, appIds, paths)) taken.set(keyOf(api.app_id, api), api.name)
  return (appId, apiId) => {
    const api = addresses.get(apiId)
    // Others than those of auth_type APP are not found by apps.
    if (api === undefined) return undefined
    const key = keyOf(appId, api)
    const other = taken.get(key)
    if (other === undefined) taken.set(key, api.name)
    return other
  }
}

const keyOf = (appId: string, { req_method, match_mode, path_key }: ApiAddress): string =>
  `${appId} ${req_method} ${match_mode} ${path_key}`
