import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { planOf } from '../../test/query-plan.js'
import { referencesTo } from './api-references.js'
import { openStore } from './store.js'

describe.each(engines)('references on $name', ({ open }) => {
  test('who uses a thing is answered by an index alone', async () => {
    await using database = await open()
    const store = await openStore(database.url)

    const plan = await planOf(store, (db) => referencesTo(db, { kind: 'channel', id: 'c1' }).limit(1))

    expect(plan).toMatch(/COVERING INDEX api_references_by_target|Index Only Scan using api_references_by_target/)
    await store.close()
  })
})
