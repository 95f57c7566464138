import { sql, type Kysely } from 'kysely'

/** Members of channels that registries have told of, beside those that were given. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql.raw('alter table channel_members add column is_found integer not null default 0').execute(db)
}
