import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { NewerDatabase } from './migrate.js'
import { openStore, type Transaction } from './store.js'
import { contains } from './text.js'

const domain = (id: string, name = id) => ({ id, name, created_at: 1 })

describe.each(engines)('the store on $name', ({ open }) => {
  test('an empty database is brought to the current version, and opening it again changes nothing', async () => {
    await using database = await open()
    for (const _ of [1, 2]) {
      const store = await openStore(database.url)
      expect(await store.read((db) => db.selectFrom('snapshot_revision').selectAll().execute())).toEqual([
        { id: 1, value: 0 },
      ])
      await store.close()
    }
  })

  test('a database of a newer version is refused, by name', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    await store.write([], async ({ db }) => {
      await sql`insert into kysely_migration (name, timestamp) values ('9999-future', 'now')`.execute(db)
    })
    await store.close()

    await expect(openStore(database.url)).rejects.toThrow(NewerDatabase)
    await expect(openStore(database.url)).rejects.toThrow('9999-future')
  })

  test('a write that fails leaves nothing behind and announces nothing', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    const revisions: number[] = []
    store.onRevision((revision) => revisions.push(revision))

    const write = store.write(['a'], async ({ db, changed }) => {
      await db.insertInto('iam_domains').values(domain('d1')).execute()
      changed('app:1')
      throw new Error('on purpose')
    })

    await expect(write).rejects.toThrow('on purpose')
    expect(await store.read((db) => db.selectFrom('iam_domains').selectAll().execute())).toEqual([])
    expect(revisions).toEqual([])
    await store.close()
  })

  test('writers that change the snapshot get consecutive revisions, each with its parts', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    const revisions: number[] = []
    store.onRevision((revision) => revisions.push(revision))

    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        store.write([`instance-${i % 3}`], async ({ changed }) => {
          changed(`app:${i}`)
          changed(`app:${i}`)
        }),
      ),
    )

    expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    const changes = await store.read((db) => db.selectFrom('snapshot_changes').selectAll().execute())
    expect(new Set(changes.map((change) => change.part_key)).size).toBe(20)
    await store.close()
  })

  test('writers under one lock do not lose updates', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    await store.write([], ({ db }) => db.insertInto('iam_domains').values(domain('counter', '0')).execute())
    const increment = async ({ db }: Transaction) => {
      const { name } = await db.selectFrom('iam_domains').select('name').executeTakeFirstOrThrow()
      await db
        .updateTable('iam_domains')
        .set({ name: String(Number(name) + 1) })
        .execute()
    }

    await Promise.all(Array.from({ length: 30 }, () => store.write(['one'], increment)))

    const row = await store.read((db) => db.selectFrom('iam_domains').select('name').executeTakeFirstOrThrow())
    expect(row.name).toBe('30')
    await store.close()
  })

  test('a reader sees the last commit while a write is under way, and is not kept waiting', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    let seen = -1

    await store.write(['one'], async ({ db }) => {
      await db.insertInto('iam_domains').values(domain('d1')).execute()
      seen = (await store.read((reader) => reader.selectFrom('iam_domains').selectAll().execute())).length
    })

    expect(seen).toBe(0)
    await store.close()
  })

  test('what was acknowledged survives a reopen', async () => {
    await using database = await open()
    const first = await openStore(database.url)
    await first.write([], ({ db }) => db.insertInto('iam_domains').values(domain('d1')).execute())
    await first.close()

    const second = await openStore(database.url)
    expect(await second.read((db) => db.selectFrom('iam_domains').select('id').execute())).toEqual([{ id: 'd1' }])
    await second.close()
  })

  test.each([
    ['Sho', ['Shop', 'xShox']],
    ['sho', ['shop']],
    ['%', ['100%']],
    ['中', ['中文']],
  ])('contains: %s is found in %j', async (part, expected) => {
    await using database = await open()
    const store = await openStore(database.url)
    const names = ['Shop', 'shop', 'xShox', '100%', '中文']
    await store.write([], ({ db }) =>
      db
        .insertInto('iam_domains')
        .values(names.map((name, i) => domain(String(i), name)))
        .execute(),
    )

    const rows = await store.read((db) =>
      db
        .selectFrom('iam_domains')
        .select('name')
        .where((eb) => contains(eb.ref('name'), part))
        .orderBy('id')
        .execute(),
    )

    expect(rows.map((row) => row.name)).toEqual(expected)
    await store.close()
  })
})
