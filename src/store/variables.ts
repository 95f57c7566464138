import { selectPage, type Page, type Paging } from './page.js'
import type { VariableRow } from './schema.js'
import type { Database } from './store.js'
import { named } from './text.js'

export async function insertVariable(db: Database, row: VariableRow): Promise<void> {
  await db.insertInto('variables').values(row).execute()
}

export async function findVariable(db: Database, instanceId: string, id: string): Promise<VariableRow | undefined> {
  return db
    .selectFrom('variables')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

export interface VariableFilter {
  readonly groupId: string
  readonly envId?: string | undefined
  readonly name?: string | undefined
  readonly precise?: boolean
}

/** Newest first. */
export function listVariables(
  db: Database,
  instanceId: string,
  { groupId, envId, name, precise = false }: VariableFilter,
  paging: Paging,
): Promise<Page<VariableRow>> {
  let query = db
    .selectFrom('variables')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('group_id', '=', groupId)
  if (envId) query = query.where('env_id', '=', envId)
  if (name) query = query.where((eb) => named(eb.ref('name'), name, precise))
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

export async function variableNameIsTaken(
  db: Database,
  groupId: string,
  envId: string,
  name: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('variables')
    .select('id')
    .where('group_id', '=', groupId)
    .where('env_id', '=', envId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row !== undefined
}

export async function countVariables(db: Database, groupId: string, envId: string): Promise<number> {
  const { count } = await db
    .selectFrom('variables')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('group_id', '=', groupId)
    .where('env_id', '=', envId)
    .executeTakeFirstOrThrow()
  return count
}

export async function setVariable(db: Database, id: string, value: string): Promise<void> {
  await db.updateTable('variables').set({ value }).where('id', '=', id).execute()
}

export async function deleteVariable(db: Database, id: string): Promise<void> {
  await db.deleteFrom('variables').where('id', '=', id).execute()
}
