import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { readCounts, writeCounts } from './kept-counts.js'
import type { ToNode, ToWorker } from './lease-messages.js'
import { LeasedLimiter } from './leased.js'
import type { Counter } from './limiter.js'
import { LocalLimiter } from './local.js'
import { LimitNode } from './node.js'
import { windowAt } from './windows.js'

const DAY = 86_400

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'counts-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

/** A node with one worker, whose messages arrive at once. */
function pair(now: () => number) {
  let worker: LeasedLimiter | undefined = undefined
  const send = (_: number, message: ToWorker): void => worker?.receive(structuredClone(message))
  const node = new LimitNode(send)
  node.workerCame(1)
  const limiter = new LeasedLimiter({
    send: (message: ToNode) => queueMicrotask(() => node.receive(1, structuredClone(message), now())),
    now,
  })
  worker = limiter
  return { node, limiter }
}

const take = async (limiter: LeasedLimiter, counter: Counter, times: number): Promise<number> => {
  let admitted = 0
  for (let i = 0; i < times; i++) if ((await limiter.take([counter])).admitted) admitted++
  return admitted
}

const monthly: Counter = { key: 'm', limit: 100, windowSeconds: 30 * DAY, offsetSeconds: 5 * DAY + 17, durable: true }

test('an orderly restart loses nothing and forgets nothing', async () => {
  const file = join(await directory(), 'counts.json')
  const now = 40 * DAY * 1000
  const before = pair(() => now)
  expect(await take(before.limiter, monthly, 30)).toBe(30)
  expect(await take(before.limiter, { key: 's', limit: 9, windowSeconds: DAY }, 3)).toBe(3)
  before.limiter.close()
  await Promise.resolve()
  await writeCounts(file, before.node.durableCounts())

  const after = pair(() => now)
  after.node.restore(readCounts(file), now)
  expect(after.node.durableCounts()).toEqual([
    { key: 'm', windowSeconds: 30 * DAY, offsetSeconds: 5 * DAY + 17, window: 1, used: 30 },
  ])
  expect(await take(after.limiter, monthly, 100)).toBe(70)
})

test('what a node has handed out when it is killed counts as used, and no more than the limit is ever admitted', async () => {
  const before = pair(() => 0)
  const used = await take(before.limiter, monthly, 3)
  const kept = before.node.durableCounts()
  expect(kept[0]?.used).toBeGreaterThanOrEqual(used)
  expect(kept[0]?.used).toBeLessThanOrEqual(used + 16)
  const after = pair(() => 0)
  after.node.restore(kept, 0)
  expect(used + (await take(after.limiter, monthly, 200))).toBeLessThanOrEqual(100)
})

test('counts of a window that is over are not restored', async () => {
  const end = (5 * DAY + 17 + 30 * DAY) * 1000
  const before = pair(() => end - 1)
  await take(before.limiter, monthly, 100)
  const after = pair(() => end)
  after.node.restore(before.node.durableCounts(), end)
  expect(await take(after.limiter, monthly, 200)).toBe(100)
})

test('the node tells when a durable counter has changed, and only then', async () => {
  const { node, limiter } = pair(() => 0)
  await take(limiter, { key: 's', limit: 9, windowSeconds: DAY }, 1)
  expect(node.durableChanges).toBe(0)
  await take(limiter, monthly, 1)
  expect(node.durableChanges).toBeGreaterThan(0)
})

test('a file is replaced whole, is for its owner alone, and what is broken is said', async () => {
  const path = await directory()
  const file = join(path, 'counts.json')
  expect(readCounts(file)).toEqual([])
  const counts = [{ key: 'a', windowSeconds: 60, window: 7, used: 3 }]
  await writeCounts(file, [])
  await writeCounts(file, counts)
  expect(readCounts(file)).toEqual(counts)
  expect(await readdir(path)).toEqual(['counts.json'])
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, -5))
  expect(() => readCounts(file)).toThrow(SyntaxError)
  await writeFile(file, '{"version":2,"counts":[]}')
  expect(() => readCounts(file)).toThrow('this version')
  await writeFile(file, '{"version":1,"counts":[{"key":"a","windowSeconds":0,"window":1,"used":1},{"key":1},null]}')
  expect(readCounts(file)).toEqual([])
  await expect(writeCounts(join(path, 'no', 'counts.json'), counts)).rejects.toThrow('ENOENT')
})

test('windows with an offset: each second is in one window, which is as long as any and begins at the offset', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), fc.nat(1e9), (windowSeconds, shift, second) => {
      const frame = { windowSeconds, offsetSeconds: shift % windowSeconds }
      const window = windowAt(frame, second * 1000)
      const start = window * windowSeconds + frame.offsetSeconds
      expect(start).toBeLessThanOrEqual(second)
      expect(second).toBeLessThan(start + windowSeconds)
    }),
  )
})

test('counters that differ in their offset alone are two', () => {
  const clock = { now: 0 }
  const limiter = new LocalLimiter(() => clock.now)
  const at = (offsetSeconds: number): Counter => ({ key: 'k', limit: 1, windowSeconds: 60, offsetSeconds })
  expect(limiter.take([at(0)]).admitted).toBe(true)
  expect(limiter.take([at(30)]).admitted).toBe(true)
  expect([limiter.take([at(0)]).admitted, limiter.take([at(30)]).admitted]).toEqual([false, false])
  clock.now = 30_000
  expect([limiter.take([at(0)]).admitted, limiter.take([at(30)]).admitted]).toEqual([false, true])
  clock.now = 60_000
  expect([limiter.take([at(0)]).admitted, limiter.take([at(30)]).admitted]).toEqual([true, false])
  expect([limiter.remaining(at(0)), limiter.remaining(at(30)), limiter.remaining(at(1))]).toEqual([0, 0, 1])
})
