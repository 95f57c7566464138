import { sql, type Kysely } from 'kysely'

/** The last report of each gateway process whose counts are in the statistics. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql
    .raw(
      'create table statistics_reports (sender text primary key, number bigint not null, updated_at bigint not null)',
    )
    .execute(db)
}
