import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { isPrecise, selectPage } from './page.js'
import { openStore } from './store.js'

describe.each(engines)('pages on $name', ({ open }) => {
  test('counts all matches and returns the asked part, in order, and nothing past the end', async () => {
    await using database = await open()
    const store = await openStore(database.url)
    const names = ['a', 'b', 'c', 'd', 'e']
    await store.write([], ({ db }) =>
      db
        .insertInto('iam_domains')
        .values(names.map((name, i) => ({ id: name, name, created_at: i })))
        .execute(),
    )
    const page = (offset: number, limit: number) =>
      store.read((db) =>
        selectPage(db.selectFrom('iam_domains').select('name').where('name', '<>', 'a').orderBy('created_at', 'desc'), {
          offset,
          limit,
        }),
      )

    expect(await page(0, 2)).toEqual({ total: 4, rows: [{ name: 'e' }, { name: 'd' }] })
    expect(await page(3, 2)).toEqual({ total: 4, rows: [{ name: 'b' }] })
    expect(await page(2, 2)).toEqual({ total: 4, rows: [{ name: 'c' }, { name: 'b' }] })
    expect(await page(4, 2)).toEqual({ total: 4, rows: [] })
    expect(await page(9, 2)).toEqual({ total: 4, rows: [] })
    expect(await page(0, 9)).toEqual({ total: 4, rows: [{ name: 'e' }, { name: 'd' }, { name: 'c' }, { name: 'b' }] })
    await store.close()
  })
})

test.each([
  [undefined, false],
  ['', false],
  ['name', true],
  ['req_uri,name', true],
  ['names', false],
])('precise_search=%s is precise on name: %s', (value, expected) => {
  expect(isPrecise(value, 'name')).toBe(expected)
})
