import { sql, type Kysely } from 'kysely'

/** What passed between gateways and backends at public addresses. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table statistics add column public_bytes_in bigint not null default 0',
  'alter table statistics add column public_bytes_out bigint not null default 0',
]
