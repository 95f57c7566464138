/** A run of `npm run conformance:go` is worth what this comparison sees. */
import { expect, test } from 'vitest'
import { lost, misread } from '../conformance/sdk/reading.js'

test.each([
  ['a number that became a text', { total: 3 }, { total: '3' }, ['total is 3, and "3" to the SDK']],
  ['a default for what is not there', { name: null }, { name: '' }, ['name is null, and "" to the SDK']],
  ['a default for a list', {}, { size: 0 }, ['size is undefined, and 0 to the SDK']],
  [
    'another moment',
    { apis: [{ time: '2026-11-24T20:47:35Z' }] },
    { apis: [{ time: '2026-11-24T21:47:35Z' }] },
    ['apis[0].time is "2026-11-24T20:47:35Z", and "2026-11-24T21:47:35Z" to the SDK'],
  ],
  ['a shorter list', { tags: ['a', 'b'] }, { tags: ['a'] }, ['tags is ["a","b"], and ["a"] to the SDK']],
  ['a list that is the whole reply', [{ id: 'a' }], { body: [{ id: 'b' }] }, ['[0].id is "a", and "b" to the SDK']],
])('%s is misread', (_, raw, decoded, wanted) => {
  expect(misread(raw, decoded)).toEqual(wanted)
})

test('the same moment in another form, null for nothing, and a password that is not read back are not', () => {
  const raw = { time: '2026-11-24 20:47:35', unset: '', user: {} }
  const decoded = { time: '2026-11-24T20:47:35Z', unset: '0001-01-01T00:00:00Z', none: null, user: { password: '' } }

  expect(misread(raw, decoded)).toEqual([])
  expect(misread([1], { body: [1] })).toEqual([])
})

test('what the SDK has no member for is lost, and what is empty is not', () => {
  expect(lost({ groups: [{ id: 'a', newer: true, empty: '', unset: null }] }, { groups: [{ id: 'a' }] })).toEqual([
    'newer',
  ])
})
