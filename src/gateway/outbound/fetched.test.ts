import { expect, test } from 'vitest'
import { Fetched } from './fetched.js'

const MINUTE = 60_000

/** A service whose answers a test gives one by one. */
function stage(ttl = 60 * MINUTE) {
  const clock = { now: 0 }
  const asked: ((text: string | undefined) => void)[] = []
  const fetched = new Fetched<{ readonly text: string }>({
    fetch: () => new Promise((resolve) => asked.push(resolve)),
    parse: (text) => (text === 'bad' ? undefined : { text }),
    ttl,
    now: () => clock.now,
  })
  return {
    clock,
    asked,
    fetched,
    answer: async (text: string | undefined): Promise<void> => {
      asked.at(-1)?.(text)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('it is fetched once for all who ask, and then kept', async () => {
  const { fetched, asked, answer } = stage()
  const waiting = [fetched.current(), fetched.current()] as const
  await answer('a')
  const [first, second] = [await waiting[0], await waiting[1]]
  expect([first, second, fetched.current()]).toEqual([{ text: 'a' }, { text: 'a' }, { text: 'a' }])
  expect(fetched.current()).toBe(first)
  expect(asked).toHaveLength(1)
})

test('it is fetched ahead of its time, while the former one serves; the same text is the same object', async () => {
  const { fetched, asked, answer, clock } = stage()
  void fetched.current()
  await answer('a')
  const former = fetched.current()
  clock.now = 4 * MINUTE
  expect(fetched.current()).toBe(former)
  expect(asked).toHaveLength(2)
  await answer('a')
  expect(fetched.current()).toBe(former)
  clock.now = 8 * MINUTE
  void fetched.current()
  await answer('b')
  expect(fetched.current()).toEqual({ text: 'b' })
})

test('one that is due for too long is waited for', async () => {
  const { fetched, answer, clock } = stage()
  void fetched.current()
  await answer('revoked')
  clock.now = 30 * MINUTE
  const waiting = fetched.current()
  await answer('new')
  expect(await waiting).toEqual({ text: 'new' })
})

test('where it fails the former one serves until its time is over, and nobody waits', async () => {
  const { fetched, asked, answer, clock } = stage()
  void fetched.current()
  await answer('a')
  clock.now = 4 * MINUTE
  void fetched.current()
  await answer(undefined)
  const retries = asked.length
  expect(fetched.current()).toEqual({ text: 'a' })
  expect(asked).toHaveLength(retries)
  clock.now = 59 * MINUTE
  expect(fetched.current()).toEqual({ text: 'a' })
  await answer('bad')
  clock.now = 60 * MINUTE
  const last = fetched.current()
  await answer(undefined)
  expect(await last).toBeUndefined()
})

test('a service that is down is asked more and more seldom, and answers nobody late', async () => {
  const { fetched, asked, answer, clock } = stage()
  void fetched.current()
  await answer(undefined)
  expect(fetched.current()).toBeUndefined()
  for (let second = 0; second < 120; second++) {
    clock.now += 1_000
    void fetched.current()
    await answer(undefined)
  }
  expect(asked.length).toBeGreaterThan(5)
  expect(asked.length).toBeLessThan(12)
})

test('few wait for a service that says nothing', () => {
  const { fetched } = stage()
  const answers = Array.from({ length: 150 }, () => fetched.current())
  expect(answers.filter((one) => one instanceof Promise)).toHaveLength(100)
})

test('a newer one is asked for within bounds', async () => {
  const { fetched, asked, answer, clock } = stage()
  void fetched.current()
  await answer('a')
  const former = fetched.current()
  if (former === undefined || former instanceof Promise) throw new Error('it is there by now')
  expect(fetched.newerThan(former)).toBe(former)
  expect(asked).toHaveLength(1)
  clock.now = 10_000
  const newer = fetched.newerThan(former)
  await answer('b')
  expect(await newer).toEqual({ text: 'b' })
  expect(fetched.newerThan(former)).toEqual({ text: 'b' })
  expect(asked).toHaveLength(2)
})
