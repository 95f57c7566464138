import { expect, test } from 'vitest'
import { Holdback } from './holdback.js'

test('one question tries whether the pause was long enough; each pause is twice the one before, up to five seconds', async () => {
  const clock = { now: 0 }
  const holdback = new Holdback(() => clock.now)
  let asked = 0
  const ask = (answer: 'yes' | 'overloaded') =>
    holdback.ask(() => {
      asked++
      return Promise.resolve(answer)
    })
  await Promise.all([ask('overloaded'), ask('overloaded'), ask('yes')])
  expect(asked).toBe(3)
  for (const pause of [200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
    const before = asked
    clock.now += pause - 1
    expect([pause, await ask('yes'), asked]).toEqual([pause, 'overloaded', before])
    clock.now += 1
    expect(await Promise.all([ask('overloaded'), ask('yes')])).toEqual(['overloaded', 'overloaded'])
    expect([pause, asked]).toEqual([pause, before + 1])
  }
  clock.now += 5_000
  expect([await ask('yes'), await ask('yes')]).toEqual(['yes', 'yes'])
  await ask('overloaded')
  clock.now += 200
  expect(await ask('yes')).toBe('yes')
})
