import { sql, type Kysely } from 'kysely'

/** How an authorizer's function is called: what files of OpenAPI say of it (openapi-extensions.md §4.2). */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table authorizers add column timeout integer not null default 5000`,
  `alter table authorizers add column retry_attempts integer not null default 0`,
  `alter table authorizers add column auth_downgrade_enabled integer not null default 0`,
]
