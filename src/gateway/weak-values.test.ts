import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { WeakValues } from './weak-values.js'

test('an object is the same while somebody holds it, and forgotten afterwards', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const known = new WeakValues<string, { readonly n: number }>()
  const held = known.of('held', () => ({ n: 1 }))
  for (let i = 0; i < 1_000; i++) known.of(`dropped ${i}`, () => ({ n: i }))
  expect(known.of('held', () => ({ n: 2 }))).toBe(held)
  await expect
    .poll(() => {
      collect()
      return known.size
    })
    .toBe(1)
  expect(known.of('held', () => ({ n: 2 }))).toBe(held)
})
