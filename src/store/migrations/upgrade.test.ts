import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { migrateTo, plainDatabase } from '../../../test/old-database.js'
import { openStore } from '../store.js'

describe.each(engines)('a database of an older version on $name', (engine) => {
  test('keeps authorizers and members of channels; what is new of them says what was meant before', async () => {
    await using database = await engine.open()
    const old = plainDatabase(database.url)
    await migrateTo(old, '0006-plugins')
    // Without the instance that they are of.
    if (engine.name === 'SQLite') await sql`pragma foreign_keys = off`.execute(old)
    else await sql`set session_replication_role = replica`.execute(old)
    await sql`insert into authorizers (id, instance_id, name, type, authorizer_type, authorizer_uri, authorizer_version,
        authorizer_alias_uri, network_type, identities, ttl, user_data, need_body, created_at)
      values ('a1', 'i1', 'who', 'FRONTEND', 'FUNC', 'urn:1', '', '', 'V1', '[]', 60, 'mine', 0, 17)`.execute(old)
    await sql`insert into channel_members (id, channel_id, group_id, position, host, ecs_id, ecs_name, port, weight,
        is_backup, status, created_at)
      values ('m1', 'c1', null, 0, '10.0.0.1', '', '', 80, 7, 0, 1, 17)`.execute(old)
    await old.destroy()

    const store = await openStore(database.url)
    const authorizers = await store.read((db) => db.selectFrom('authorizers').selectAll().execute())
    const members = await store.read((db) => db.selectFrom('channel_members').selectAll().execute())
    await store.close()
    expect(authorizers).toMatchObject([
      { id: 'a1', ttl: 60, user_data: 'mine', timeout: 5_000, retry_attempts: 0, auth_downgrade_enabled: 0 },
    ])
    expect(members).toMatchObject([{ id: 'm1', weight: 7, is_found: 0 }])
  })
})
