import type { AppAclRow } from './schema.js'
import type { Database } from './store.js'

/** Where the callers of an app may, or may not, call from. */
export interface AppAcl {
  readonly type: AppAclRow['acl_type']
  readonly values: readonly string[]
}

/** Takes the place of the one that was there. */
export async function setAppAcl(db: Database, appId: string, { type, values }: AppAcl): Promise<void> {
  const columns = { acl_type: type, acl_values: JSON.stringify(values) }
  await db
    .insertInto('app_acls')
    .values({ app_id: appId, ...columns })
    .onConflict((conflict) => conflict.column('app_id').doUpdateSet(columns))
    .execute()
}

export async function findAppAcl(db: Database, appId: string): Promise<AppAcl | undefined> {
  const row = await db.selectFrom('app_acls').selectAll().where('app_id', '=', appId).executeTakeFirst()
  // The column was written by `setAppAcl`.
  return row && { type: row.acl_type, values: JSON.parse(row.acl_values) as string[] }
}

/** Whether there was one. */
export async function deleteAppAcl(db: Database, appId: string): Promise<boolean> {
  const gone = await db.deleteFrom('app_acls').where('app_id', '=', appId).returning('app_id').execute()
  return gone.length > 0
}
