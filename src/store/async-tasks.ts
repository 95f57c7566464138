import type { AsyncTaskRow } from './schema.js'
import type { Database } from './store.js'

export async function insertTask(db: Database, task: AsyncTaskRow): Promise<void> {
  await db.insertInto('async_tasks').values(task).execute()
}

/** Without what was asked for: that may be large. */
export async function findTask(
  db: Database,
  instanceId: string,
  id: string,
): Promise<Omit<AsyncTaskRow, 'request'> | undefined> {
  return db
    .selectFrom('async_tasks')
    .select(['id', 'instance_id', 'type', 'status', 'result', 'created_at', 'updated_at'])
    .where('id', '=', id)
    .where('instance_id', '=', instanceId)
    .executeTakeFirst()
}

/** The one that has waited longest. */
export async function nextTask(db: Database): Promise<AsyncTaskRow | undefined> {
  return db
    .selectFrom('async_tasks')
    .selectAll()
    .where('status', '=', 'waiting')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
}

export async function beginTask(db: Database, id: string, now: number): Promise<void> {
  await db.updateTable('async_tasks').set({ status: 'processing', updated_at: now }).where('id', '=', id).execute()
}

export interface TaskEnd {
  readonly status: 'succeed' | 'failed'
  readonly result: string
}

/** What was asked for is not needed any more. */
export async function endTask(db: Database, id: string, { status, result }: TaskEnd, now: number): Promise<void> {
  await db
    .updateTable('async_tasks')
    .set({ status, result, request: '', updated_at: now })
    .where('id', '=', id)
    .execute()
}

/** Ends tasks that a process had begun and did not end: nothing of what they did was kept. */
export async function endInterruptedTasks(db: Database, result: string, now: number): Promise<void> {
  await db
    .updateTable('async_tasks')
    .set({ status: 'failed', result, request: '', updated_at: now })
    .where('status', '=', 'processing')
    .execute()
}

/** Tasks that ended before a moment. */
export async function deleteEndedTasks(db: Database, before: number): Promise<void> {
  await db
    .deleteFrom('async_tasks')
    .where('status', 'in', ['succeed', 'failed'])
    .where('updated_at', '<', before)
    .execute()
}
