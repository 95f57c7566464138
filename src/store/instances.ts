/**
 * Instances and what their jobs mean. No timer writes a status: the job that is stored, and the moment at which
 * someone looks, decide it.
 */
import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'
import { deleteConfigs } from './configs.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { InstanceRow, Schema } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

export type InstanceState = 'Creating' | 'Running' | 'Resizing' | 'Deleting' | 'Gone'

/** The state at the moment `now`, in milliseconds. `Gone`: the row only waits to be purged. */
export function instanceState({ job_kind, job_ends_at }: InstanceRow, now: number): InstanceState {
  const over = now >= job_ends_at
  switch (job_kind) {
    case 'create':
      return over ? 'Running' : 'Creating'
    case 'resize':
      return over ? 'Running' : 'Resizing'
    case 'delete':
      return over ? 'Gone' : 'Deleting'
  }
}

/** The edition at the moment `now`: a resize takes effect when its job ends. */
export function editionOf({ job_kind, job_ends_at, spec_id, target_spec_id }: InstanceRow, now: number): string {
  return job_kind === 'resize' && now >= job_ends_at ? target_spec_id : spec_id
}

/** The order that locks the instance at the moment `now`: a resize that was ordered, until its job ends. */
export function lockingOrder({ job_kind, job_ends_at, resize_order_id }: InstanceRow, now: number): string | undefined {
  return job_kind === 'resize' && now < job_ends_at && resize_order_id !== '' ? resize_order_id : undefined
}

/** The instance of a project; one that is gone is not found. */
export async function findInstance(
  db: Database,
  projectId: string,
  id: string,
  now: number,
): Promise<InstanceRow | undefined> {
  const row = await db
    .selectFrom('instances')
    .selectAll()
    .where('id', '=', id)
    .where('project_id', '=', projectId)
    .executeTakeFirst()
  return row === undefined || instanceState(row, now) === 'Gone' ? undefined : row
}

export interface InstanceFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly state?: string | undefined
}

/** Newest first; those that are gone are left out. */
export function listInstances(
  db: Database,
  projectId: string,
  { id, name, state }: InstanceFilter,
  now: number,
  paging: Paging,
): Promise<Page<InstanceRow>> {
  let query = db
    .selectFrom('instances')
    .selectAll()
    .where('project_id', '=', projectId)
    .where((eb) => isNotGone(eb, now))
  if (id) query = query.where('id', '=', id)
  if (name) query = query.where((eb) => contains(eb.ref('name'), name))
  if (state) query = query.where((eb) => inState(eb, state, now))
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

/** Whether an instance is still shown at the moment `now`. */
export const isNotGone = (eb: ExpressionBuilder<Schema, 'instances'>, now: number): Expression<SqlBool> =>
  eb.not(inState(eb, 'Gone', now))

/** `instanceState` as a condition; a state that no instance of this server has matches nothing. */
function inState(eb: ExpressionBuilder<Schema, 'instances'>, state: string, now: number): Expression<SqlBool> {
  const over = eb('job_ends_at', '<=', now)
  switch (state) {
    case 'Creating':
      return eb.and([eb('job_kind', '=', 'create'), eb.not(over)])
    case 'Running':
      return eb.and([eb('job_kind', '<>', 'delete'), over])
    case 'Resizing':
      return eb.and([eb('job_kind', '=', 'resize'), eb.not(over)])
    case 'Deleting':
      return eb.and([eb('job_kind', '=', 'delete'), eb.not(over)])
    case 'Gone':
      return eb.and([eb('job_kind', '=', 'delete'), over])
    default:
      return sql<SqlBool>`1 = 0`
  }
}

export async function instanceIdIsTaken(db: Database, id: string): Promise<boolean> {
  return (await db.selectFrom('instances').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

export async function instanceNameIsTaken(
  db: Database,
  projectId: string,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('instances')
    .select('id')
    .where('project_id', '=', projectId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst()
  return row !== undefined
}

export async function countInstances(db: Database, projectId: string): Promise<number> {
  const { count } = await db
    .selectFrom('instances')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow()
  return count
}

export async function insertInstance(db: Database, row: InstanceRow): Promise<void> {
  await db.insertInto('instances').values(row).execute()
}

export type InstanceChange = Partial<
  Pick<
    InstanceRow,
    | 'name'
    | 'description'
    | 'maintain_begin'
    | 'maintain_end'
    | 'security_group_id'
    | 'vpcep_service_name'
    | 'eip_id'
    | 'bandwidth_size'
    | 'bandwidth_charging_mode'
    | 'ingress_bandwidth_size'
    | 'ingress_bandwidth_charging_mode'
  >
>

export async function updateInstance(
  db: Database,
  id: string,
  change: InstanceChange,
  now: number,
): Promise<InstanceRow> {
  return db
    .updateTable('instances')
    .set({ ...change, updated_at: now })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export interface Resize {
  /** The edition of now, which the row may not say if an earlier resize led to it. */
  readonly from: string
  readonly to: string
  /** Empty when no order locks the instance. */
  readonly orderId: string
  /** Milliseconds since the epoch. */
  readonly startsAt: number
  readonly endsAt: number
}

export async function startResize(db: Database, id: string, resize: Resize): Promise<void> {
  await db
    .updateTable('instances')
    .set({
      spec_id: resize.from,
      target_spec_id: resize.to,
      resize_order_id: resize.orderId,
      job_kind: 'resize',
      job_started_at: resize.startsAt,
      job_ends_at: resize.endsAt,
      updated_at: resize.startsAt,
    })
    .where('id', '=', id)
    .execute()
}

/** Keys of the snapshot's parts that come from an instance. */
export async function partsOfInstance(db: Database, id: string): Promise<string[]> {
  const publications = await db
    .selectFrom('publications')
    .select(['api_id', 'env_id'])
    .where('instance_id', '=', id)
    .execute()
  const keys = [`instance:${id}`, ...publications.map(({ api_id, env_id }) => `publication:${api_id}/${env_id}`)]
  const kinds = [
    ['group', 'api_groups'],
    ['app', 'apps'],
    ['throttle', 'throttles'],
    ['plugin', 'plugins'],
    ['certificate', 'certificates'],
    ['channel', 'vpc_channels'],
  ] as const
  for (const [kind, table] of kinds) {
    const rows = await db.selectFrom(table).select('id').where('instance_id', '=', id).execute()
    for (const row of rows) keys.push(`${kind}:${row.id}`)
  }
  return keys
}

/**
 * Empties an instance: everything that refers to it goes with its row, by the cascades of the schema, and the bare
 * row comes back with the job that readers see until it ends.
 */
export async function emptyInstance(db: Database, row: InstanceRow): Promise<void> {
  await removeInstance(db, row.id)
  await insertInstance(db, row)
}

async function removeInstance(db: Database, id: string): Promise<void> {
  await deleteConfigs(db, id)
  await db.deleteFrom('instances').where('id', '=', id).execute()
}

/** Removes the rows of instances whose deletion is over, and says which they were. */
export async function removeGoneInstances(db: Database, now: number): Promise<string[]> {
  const rows = await db
    .deleteFrom('instances')
    .where((eb) => inState(eb, 'Gone', now))
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}
