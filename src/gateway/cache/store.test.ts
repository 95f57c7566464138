import { expect, test } from 'vitest'
import { ReplyStore, type StoredReply } from './store.js'

const reply = (body: string, vary: StoredReply['vary'] = []): StoredReply => ({
  status: 200,
  headers: '',
  body,
  date: '',
  etag: undefined,
  lastModified: undefined,
  storedAt: 0,
  age: 0,
  lifetime: 60,
  vary,
  shown: undefined,
})
const asking = (header: string) => ({ headers: () => [header] })
const none = { headers: () => [] }

test('what was not asked for longest goes first, and memory is bounded', () => {
  const store = new ReplyStore(10_000)
  const body = 'x'.repeat(1_500)
  for (const key of ['a', 'b', 'c']) store.put(key, reply(body))
  store.find('a', none)
  store.put('d', reply(body))
  expect(['a', 'b', 'c', 'd'].map((key) => store.find(key, none) !== undefined)).toEqual([true, false, true, true])
  for (let i = 0; i < 1_000; i++) store.put(`k${i}`, reply('x'.repeat(i)))
  expect(store.size).toBeLessThanOrEqual(10_000)
  store.put('large', reply('x'.repeat(20_000)))
  expect(store.find('large', none)).toBeUndefined()
  expect(store.find('k999', none)).toBeDefined()
})

test('a reply takes the place of the one for the same requests, and there are sixteen variants at most', () => {
  const store = new ReplyStore(1_000_000)
  const of = (language: string) => store.find('a', asking(language))?.body
  for (let i = 0; i < 20; i++) store.put('a', reply(`${i}`, [['accept-language', `${i}`]]))
  expect([of('3'), of('4'), of('19')]).toEqual([undefined, '4', '19'])
  const before = store.size
  store.put('a', reply('new', [['accept-language', '19']]))
  expect([of('19'), of('18')]).toEqual(['new', '18'])
  expect(store.size - before).toBe(1)
})
