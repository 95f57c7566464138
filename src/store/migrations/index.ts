import type { Migration } from 'kysely'
import * as initial from './0001-initial.js'
import * as accessPolicies from './0002-access-policies.js'
import * as network from './0003-network.js'

/** In the order they run, forward only. A migration that was released is never edited. */
export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-access-policies': accessPolicies,
  '0003-network': network,
}
