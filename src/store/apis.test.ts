import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { planOf } from '../../test/query-plan.js'
import { filteredApis } from './apis.js'
import { openStore } from './store.js'

describe.each(engines)('queries for APIs on $name', ({ open }) => {
  test.each([
    ['no filter', {}],
    ['a name', { name: 'part' }],
    [
      'method, protocol, authentication, type and path',
      { req_method: 'GET', req_protocol: 'HTTPS', auth_type: 'APP', type: 1, req_uri: '/a' },
    ],
  ])('a page and the count with %s come from the index alone', async (_, filter) => {
    await using database = await open()
    const store = await openStore(database.url)
    const page = await planOf(store, (db) => filteredApis(db, 'i1', filter).limit(20).offset(49_000))
    const count = await planOf(store, (db) =>
      filteredApis(db, 'i1', filter)
        .clearSelect()
        .clearOrderBy()
        .select(sql<number>`count(*)`.as('total')),
    )

    const indexAlone = /COVERING INDEX apis_newest|Index Only Scan using apis_newest/
    expect(page).toMatch(indexAlone)
    expect(count).toMatch(indexAlone)
    // Nothing is sorted: the index has the order.
    expect(page).not.toMatch(/TEMP B-TREE|Sort/)
    await store.close()
  })

  test('the filter by environment looks publications up in their index alone', async () => {
    await using database = await open()
    const store = await openStore(database.url)

    const plan = await planOf(store, (db) => filteredApis(db, 'i1', { env_id: 'e1' }))

    expect(plan).toMatch(/publications USING COVERING INDEX|Index Only Scan using publications_api_id_env_id_key/)
    await store.close()
  })

  test('the filter by group reads one group', async () => {
    await using database = await open()
    const store = await openStore(database.url)

    const plan = await planOf(store, (db) => filteredApis(db, 'i1', { group_id: 'g1' }))

    expect(plan).toMatch(/apis_newest_of_group/)
    await store.close()
  })

  test('the filter by tag finds the tag first', async () => {
    await using database = await open()
    const store = await openStore(database.url)

    const plan = await planOf(store, (db) => filteredApis(db, 'i1', { tags: ['blue'] }))

    expect(plan).toMatch(/COVERING INDEX api_tags_by_tag|Index Only Scan using api_tags_by_tag/)
    await store.close()
  })

  test('the filter by the name of a channel goes from the channels to their APIs', async () => {
    await using database = await open()
    const store = await openStore(database.url)

    const plan = await planOf(store, (db) => filteredApis(db, 'i1', { vpc_channel_name: 'part' }))

    expect(plan).toMatch(/vpc_channels|channels USING/)
    expect(plan).toMatch(/api_references_by_target/)
    await store.close()
  })
})
