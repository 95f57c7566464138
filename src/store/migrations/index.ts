import type { Migration } from 'kysely'
import * as initial from './0001-initial.js'

/** In the order they run, forward only. A migration that was released is never edited. */
export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
}
