/** Headers that were for the gateway and do not go on to backends (responses.md §6). Names are in lower case. */
import { DEPTH_HEADER } from '../backends/forward-depth.js'
import type { AppModes } from '../caller-features.js'
import type { Caller } from '../exchange.js'

/** Those of a caller who was told by nothing in particular, and of the others by `Caller.accessModel`. */
export interface ConsumedHeaders {
  readonly always: ReadonlySet<string>
  readonly byModel: ReadonlyMap<string, ReadonlySet<string>>
}

const ALWAYS: readonly string[] = ['x-stage', 'x-apig-mode', 'x-apig-appcode', DEPTH_HEADER]
/** Beside the credential: what a signature consists of. */
const SIGNATURE: readonly string[] = ['x-sdk-date', 'x-sdk-content-sha256', 'x-sdk-nonce', 'x-proxy-signed-headers']
const NOTHING_MORE: ReadonlySet<string> = new Set(ALWAYS)

/** @param routesByApp whether the key of an app, in `X-HW-ID`, may have found the API (feature `app_route`) */
export function consumedHeaders({ credentialHeader, jwtHeader = '' }: AppModes, routesByApp: boolean): ConsumedHeaders {
  const appKey = routesByApp ? ['x-hw-id'] : []
  const byModel: readonly [string, readonly string[]][] = [
    ['signature', [credentialHeader, ...SIGNATURE, ...appKey]],
    ['app_code', appKey],
    ['app_basic', [credentialHeader, ...appKey]],
    ['ai_api_key', [credentialHeader, ...appKey]],
    ['app_token', [credentialHeader, ...appKey]],
    ['app_jwt', [jwtHeader, 'x-hw-id']],
    ['app_secret', ['x-hw-id', 'x-hw-appkey']],
    ['app_api_key', ['apikey', ...appKey]],
    ['iam_token', ['x-auth-token']],
    ['iam_signature', ['authorization', ...SIGNATURE, 'x-security-token', 'x-hw-security-token']],
  ]
  return {
    always: NOTHING_MORE,
    byModel: new Map(byModel.map(([model, names]) => [model, new Set([...ALWAYS, ...names])])),
  }
}

/** What a route drops of the headers of a caller. */
export type Dropped = (caller: Caller | undefined) => ReadonlySet<string>

/** @param names of headers that the route drops in any case */
export function droppedBy({ always, byModel }: ConsumedHeaders, names: readonly string[]): Dropped {
  const find: Dropped = (caller) =>
    caller === undefined || caller.keepsCredential === true ? always : (byModel.get(caller.accessModel) ?? always)
  if (names.length === 0) return find
  // Sets are told apart by identity where they are used: each is extended once.
  const extended = new Map<ReadonlySet<string>, ReadonlySet<string>>()
  return (caller) => {
    const consumed = find(caller)
    let dropped = extended.get(consumed)
    if (dropped === undefined) extended.set(consumed, (dropped = new Set([...consumed, ...names])))
    return dropped
  }
}
