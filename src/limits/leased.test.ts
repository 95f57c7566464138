import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ToNode, ToWorker } from './lease-messages.js'
import { LeasedLimiter } from './leased.js'
import type { Counter, Verdict } from './limiter.js'
import { LimitNode } from './node.js'

interface Request {
  readonly counters: readonly Counter[]
  verdict: Verdict | undefined
  settledAt: number
}

/** A node and its workers, with channels that deliver one message when they are told to. */
class Cluster {
  now = 0
  readonly requests: Request[] = []
  readonly node: LimitNode
  readonly workers: { limiter: LeasedLimiter; toNode: ToNode[]; fromNode: ToWorker[]; alive: boolean }[] = []
  silences = 0

  constructor(size: number) {
    this.node = new LimitNode((worker, message) => this.workers[worker]?.fromNode.push(message))
    for (let id = 0; id < size; id++) this.start()
  }

  start(): void {
    const toNode: ToNode[] = []
    const limiter = new LeasedLimiter({
      send: (message) => toNode.push(structuredClone(message)),
      now: () => this.now,
      onSilence: () => this.silences++,
    })
    this.node.workerCame(this.workers.length)
    this.workers.push({ limiter, toNode, fromNode: [], alive: true })
  }

  kill(id: number): void {
    const worker = this.workers[id]
    if (worker === undefined) return
    worker.alive = false
    worker.toNode.length = 0
    this.node.workerLeft(id, this.now)
  }

  take(id: number, counters: readonly Counter[]): Request {
    const request: Request = { counters, verdict: undefined, settledAt: 0 }
    const verdict = this.workers[id]?.limiter.take(counters)
    const settle = (settled: Verdict) => {
      request.verdict = settled
      request.settledAt = this.now
    }
    if (verdict instanceof Promise) void verdict.then(settle)
    else if (verdict !== undefined) settle(verdict)
    this.requests.push(request)
    return request
  }

  toNode(id: number): boolean {
    const message = this.workers[id]?.toNode.shift()
    if (message !== undefined) this.node.receive(id, message, this.now)
    return message !== undefined
  }

  toWorker(id: number): boolean {
    const worker = this.workers[id]
    const message = worker?.alive === true ? worker.fromNode.shift() : undefined
    if (message !== undefined) worker?.limiter.receive(structuredClone(message))
    return message !== undefined
  }

  /** Delivers until nobody has anything to say. */
  async settle(): Promise<void> {
    let busy = true
    while (busy) {
      busy = false
      for (const id of this.workers.keys()) busy = this.toNode(id) || this.toWorker(id) || busy
      // Verdicts of promises are noted at the moment at which they were given.
      await Promise.resolve()
    }
  }

  admitted(counter: Counter, window = 0): number {
    return this.requests.filter(
      ({ counters, verdict, settledAt }) =>
        verdict?.admitted === true &&
        counters.some(({ key }) => key === counter.key) &&
        Math.floor(settledAt / 1000 / counter.windowSeconds) === window,
    ).length
  }
}

const counter = (key: string, limit: number, windowSeconds = 60): Counter => ({ key, limit, windowSeconds })

test.each([1, 2, 4, 7])('%i workers: a burst of N + 1000 admits exactly N', async (size) => {
  const cluster = new Cluster(size)
  const api = counter('api', 5_000)
  for (let call = 0; call < 6_000; call++) cluster.take(call % size, [api])
  await cluster.settle()
  expect(cluster.requests.every(({ verdict }) => verdict !== undefined)).toBe(true)
  expect(cluster.admitted(api)).toBe(5_000)
})

test('windows that begin at a moment of their own are as exact, one after the other', async () => {
  const cluster = new Cluster(4)
  const quota: Counter = { key: 'quota', limit: 5_000, windowSeconds: 3_600, offsetSeconds: 1_217, durable: true }
  const admitted = () => cluster.requests.filter(({ verdict }) => verdict?.admitted === true).length
  for (const [now, expected] of [
    [1_216_999, 5_000],
    [1_217_000, 10_000],
    [4_816_999, 10_000],
    [4_817_000, 15_000],
  ] as const) {
    cluster.now = now
    for (let call = 0; call < 6_000; call++) cluster.take(call % 4, [quota])
    await cluster.settle()
    expect([now, admitted()]).toEqual([now, expected])
  }
})

test('steady load on four workers: each window admits its limit, or at most 1 % less, in every dimension', async () => {
  // One of them is reached first; the others count with it and hold back nothing.
  for (const scarce of ['ip', 'app', 'user', 'api', 'rule']) {
    const cluster = new Cluster(4)
    const counters = ['ip', 'app', 'user', 'api', 'rule'].map((key) => counter(key, key === scarce ? 1_000 : 1_200, 1))
    const [limited] = counters.filter(({ key }) => key === scarce)
    let worker = 0
    // 1,500 calls a second for five seconds, and a millisecond for each message.
    for (cluster.now = 0; cluster.now < 5_000; cluster.now++) {
      for (let id = 0; id < 4; id++) {
        while (cluster.toWorker(id));
        while (cluster.toNode(id));
      }
      await Promise.resolve()
      for (let call = cluster.now % 2; call < 2; call++) cluster.take((worker = (worker * 5 + 1) % 4), counters)
    }
    if (limited === undefined) throw new Error('There is one.')
    for (let window = 0; window < 5; window++) {
      const admitted = cluster.admitted(limited, window)
      expect([scarce, window, admitted >= 990 && admitted <= 1_000, admitted]).toEqual([scarce, window, true, admitted])
    }
  }
})

test('what one worker holds unused is called back before another one refuses', async () => {
  const cluster = new Cluster(2)
  const api = counter('api', 100)
  cluster.take(0, [api])
  await cluster.settle()
  for (let call = 0; call < 120; call++) {
    cluster.take(1, [api])
    await cluster.settle()
  }
  expect(cluster.admitted(api)).toBe(100)
})

test('a worker that holds tokens answers at once, and so does one that was refused before', async () => {
  const cluster = new Cluster(2)
  const api = counter('api', 1_000)
  cluster.take(0, [api])
  await cluster.settle()
  expect(cluster.take(0, [api]).verdict).toEqual({ admitted: true })

  const spent = counter('spent', 1)
  cluster.take(0, [spent])
  await cluster.settle()
  cluster.take(0, [spent])
  await cluster.settle()
  expect(cluster.take(0, [api, spent]).verdict).toEqual({ admitted: false, counter: 1 })
  expect(cluster.workers[0]?.toNode).toEqual([])
})

test('two workers that each hold the last token the other one needs do not wait for each other', async () => {
  const cluster = new Cluster(2)
  const [a, b] = [counter('a', 2), counter('b', 2)]
  cluster.take(0, [a])
  cluster.take(1, [b])
  await cluster.settle()
  cluster.take(0, [a, b])
  cluster.take(1, [b, a])
  await cluster.settle()
  expect(cluster.requests.map(({ verdict }) => verdict?.admitted).sort()).toEqual([false, true, true, true])
})

test('a worker that ends in order gives back what it did not use; what a killed one held is lost until the window ends', async () => {
  const cluster = new Cluster(2)
  const api = counter('api', 8)
  cluster.take(0, [api])
  await cluster.settle()
  cluster.workers[0]?.limiter.close()
  await cluster.settle()
  cluster.kill(0)
  cluster.take(1, [api])
  await cluster.settle()
  expect(cluster.workers[1]?.limiter.remaining(api)).toBe(6)

  cluster.kill(1)
  cluster.start()
  for (let call = 0; call < 9; call++) cluster.take(2, [api])
  await cluster.settle()
  expect(cluster.admitted(api)).toBeLessThan(9)
  cluster.now = 60_000
  const next = cluster.take(2, [api])
  await cluster.settle()
  expect(next.verdict).toEqual({ admitted: true })
})

test('a limit that is raised or lowered within a window applies to what was already admitted', async () => {
  const cluster = new Cluster(2)
  for (let call = 0; call < 12; call++) cluster.take(call % 2, [counter('api', 10)])
  await cluster.settle()
  for (let call = 0; call < 12; call++) cluster.take(call % 2, [counter('api', 15)])
  await cluster.settle()
  expect(cluster.admitted(counter('api', 15))).toBe(15)
  cluster.take(0, [counter('api', 20)])
  await cluster.settle()
  const refused = cluster.take(0, [counter('api', 12)])
  await cluster.settle()
  expect(refused.verdict).toEqual({ admitted: false, counter: 0 })
})

test('what is counted locally each worker admits by itself, without a word to the node', async () => {
  const cluster = new Cluster(2)
  const local = (limit: number): Counter => ({ ...counter('local', limit), local: true })
  const verdicts = (calls: number, limit: number) =>
    Array.from({ length: 2 * calls }, (_, call) => cluster.take(call % 2, [local(limit)]).verdict?.admitted)
  expect(verdicts(3, 2)).toEqual([true, true, true, true, false, false])
  expect(verdicts(2, 3)).toEqual([true, true, false, false])
  expect(verdicts(1, 1)).toEqual([false, false])
  expect(cluster.workers[0]?.limiter.remaining(local(5))).toBe(2)
  cluster.now = 60_000
  expect(verdicts(2, 1)).toEqual([true, true, false, false])
  for (const { limiter } of cluster.workers) limiter.close()
  expect(cluster.workers.map(({ toNode }) => toNode)).toEqual([[], []])
})

test('who counts may change within a window: nothing is forgotten, and nothing counted twice', async () => {
  const cluster = new Cluster(2)
  const shared = counter('api', 10)
  const local: Counter = { ...shared, local: true }
  const admitted = async (worker: number, calls: number, one: Counter) => {
    const requests = Array.from({ length: calls }, () => cluster.take(worker, [one]))
    await cluster.settle()
    return requests.filter(({ verdict }) => verdict?.admitted === true).length
  }
  const told = async () => {
    for (const { limiter } of cluster.workers) limiter.tellLocal()
    await cluster.settle()
  }
  expect([await admitted(0, 3, shared), await admitted(1, 1, shared)]).toEqual([3, 1])
  // Each begins with what it has admitted itself.
  expect([await admitted(0, 2, local), await admitted(1, 1, local)]).toEqual([2, 1])
  await told()
  // Together they have admitted seven. Whoever is not asked again has told, too.
  expect([await admitted(0, 1, shared), await admitted(0, 9, shared)]).toEqual([1, 2])
  expect(await admitted(1, 1, shared)).toBe(0)
  expect([await admitted(0, 9, local), await admitted(1, 9, local)]).toEqual([2, 8])
  await told()
  await told()
  expect([await admitted(0, 1, shared), await admitted(1, 1, shared)]).toEqual([0, 0])
  const higher = counter('api', 21)
  // Ten by each of them, no more.
  expect([await admitted(0, 9, higher), await admitted(1, 9, higher)]).toEqual([1, 0])
  cluster.now = 60_000
  expect([await admitted(0, 9, local), await admitted(1, 3, local)]).toEqual([9, 3])
  await told()
  expect(await admitted(1, 9, { ...shared, limit: 13 })).toBe(1)
})

test('however often it changes who counts, each window admits what it should', async () => {
  const step = fc.tuple(fc.constantFrom('shared', 'local'), fc.nat(1), fc.integer({ min: 1, max: 8 }))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(30), async (steps, limit) => {
      const cluster = new Cluster(2)
      const shared = counter('api', limit)
      const used = [0, 0]
      for (const [kind, worker, calls] of steps) {
        // All processes learn of a change before anybody calls.
        for (const { limiter } of cluster.workers) limiter.tellLocal()
        await cluster.settle()
        for (let call = 0; call < calls; call++) {
          const request = cluster.take(worker, [kind === 'local' ? { ...shared, local: true } : shared])
          await cluster.settle()
          const [one = 0, other = 0] = [used[worker], used[1 - worker]]
          const expected = kind === 'local' ? one < limit : one + other < limit
          expect([kind, worker, request.verdict?.admitted]).toEqual([kind, worker, expected])
          if (expected) used[worker] = one + 1
        }
      }
    }),
    {
      examples: [
        // What one still holds of the node's is used up by what the other counts for itself.
        [
          [
            ['shared', 0, 1],
            ['shared', 1, 2],
            ['local', 1, 5],
            ['shared', 0, 1],
          ],
          8,
        ],
      ],
    },
  )
})

test('a request that is counted here and by the node takes from both or from neither', async () => {
  const cluster = new Cluster(2)
  const local: Counter = { ...counter('local', 3), local: true }
  const shared = counter('shared', 4)
  for (let call = 0; call < 12; call++) cluster.take(call % 2, [local, shared])
  await cluster.settle()
  expect(cluster.admitted(shared)).toBe(4)
  expect(cluster.workers.reduce((left, { limiter }) => left + limiter.remaining(local), 0)).toBe(2)
  const by = cluster.requests.map(({ verdict }) => (verdict?.admitted === false ? verdict.counter : 'admitted'))
  expect(by).toContain(1)
})

test('a worker that hangs cannot keep the others waiting, and the limit holds', async () => {
  const cluster = new Cluster(2)
  const api = counter('api', 40)
  cluster.take(0, [api])
  cluster.toNode(0)
  cluster.toWorker(0)
  for (let call = 0; call < 60; call++) cluster.take(1, [api])
  // From here on worker 0 neither reads nor writes.
  const worker1 = async () => {
    let busy = true
    while (busy) {
      busy = [cluster.toNode(1), cluster.toWorker(1)].includes(true)
      await Promise.resolve()
    }
  }
  await worker1()
  expect(cluster.node.waits).toBe(true)
  for (let tick = 0; tick < 3; tick++) cluster.node.tick(cluster.now)
  await worker1()
  await cluster.settle()
  expect(cluster.requests.every(({ verdict }) => verdict !== undefined)).toBe(true)
  expect(cluster.admitted(api)).toBeLessThanOrEqual(40)
})

test('a node that stays silent makes the gateway admit uncounted, until it speaks again', async () => {
  const cluster = new Cluster(1)
  const api = counter('api', 1)
  const { limiter } = cluster.workers[0] ?? expect.unreachable()
  const waiting = [cluster.take(0, [api]), cluster.take(0, [api])]
  for (let tick = 0; tick < 3; tick++) limiter.tick()
  await Promise.resolve()
  expect(waiting.map(({ verdict }) => verdict)).toEqual([undefined, undefined])
  limiter.tick()
  await Promise.resolve()
  expect(waiting.map(({ verdict }) => verdict?.admitted)).toEqual([true, true])
  expect(cluster.take(0, [api]).verdict).toEqual({ admitted: true })
  expect(cluster.silences).toBe(1)

  await cluster.settle()
  expect(cluster.take(0, [api]).verdict).toEqual({ admitted: true })
  cluster.take(0, [api])
  await cluster.settle()
  expect(cluster.take(0, [api]).verdict).toEqual({ admitted: false, counter: 0 })
})

test('counters of past windows are forgotten', async () => {
  const cluster = new Cluster(1)
  for (let client = 0; client < 100; client++) cluster.take(0, [counter(`ip:${client}`, 10, 1)])
  await cluster.settle()
  cluster.now = 1_000
  cluster.take(0, [counter('ip:0', 10, 1)])
  await cluster.settle()
  cluster.workers[0]?.limiter.close()
  expect(cluster.workers[0]?.toNode).toHaveLength(1)
})

/** Large enough for batches of several tokens, small enough to be exhausted within one run. */
const shapes = [counter('a', 7), counter('b', 12), counter('c', 40), counter('d', 70)]
const anyTake = fc.record({
  do: fc.constant('take' as const),
  worker: fc.nat(2),
  times: fc.integer({ min: 1, max: 12 }),
  which: fc.subarray([0, 1, 2, 3], { minLength: 1, maxLength: 2 }),
})
const anyDelivery = fc.record({ do: fc.constantFrom('toNode' as const, 'toWorker' as const), worker: fc.nat(2) })
const manyOf = <T>(event: fc.Arbitrary<T>) => fc.array(event, { maxLength: 250, size: 'max' })

test('in whatever order messages travel: never one above a limit, and no refusal while a token is unused', async () => {
  await fc.assert(
    fc.asyncProperty(manyOf(fc.oneof(anyTake, anyDelivery, anyDelivery)), async (events) => {
      const cluster = new Cluster(3)
      for (const event of events) {
        if (event.do === 'take') takeOften(cluster, event.worker, event, shapes)
        else cluster[event.do](event.worker)
      }
      await cluster.settle()
      for (const shape of shapes) expect(cluster.admitted(shape)).toBeLessThanOrEqual(shape.limit)
      for (const { counters, verdict } of cluster.requests) {
        expect(verdict).toBeDefined()
        if (verdict?.admitted !== false) continue
        const exhausted = counters[verdict.counter]
        expect(exhausted !== undefined && cluster.admitted(exhausted) === exhausted.limit).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test('with windows that end and workers that die in between: still never one above, and nobody waits for ever', async () => {
  const short = shapes.map((shape, index) => ({ ...shape, windowSeconds: 1 + (index % 2) }))
  const anyWait = fc.record({ do: fc.constant('wait' as const), worker: fc.nat(700) })
  const anyDeath = fc.record({ do: fc.constant('kill' as const), worker: fc.nat(2) })
  const anyEvent = fc.oneof(
    { weight: 4, arbitrary: anyTake },
    { weight: 8, arbitrary: anyDelivery },
    { weight: 1, arbitrary: anyWait },
    { weight: 1, arbitrary: anyDeath },
  )
  await fc.assert(
    fc.asyncProperty(manyOf(anyEvent), async (events) => {
      const cluster = new Cluster(3)
      const slots = [0, 1, 2]
      for (const event of events) {
        const slot = slots[event.worker % 3] ?? 0
        if (event.do === 'take') takeOften(cluster, slot, event, short)
        else if (event.do === 'wait') cluster.now += event.worker
        else if (event.do === 'kill') {
          cluster.kill(slot)
          slots[event.worker % 3] = cluster.workers.length
          cluster.start()
        } else cluster[event.do](slot)
        await Promise.resolve()
      }
      // Deliver, but without a pause: whoever still waits must be answered by what is already on its way.
      await cluster.settle()
      const last = Math.floor(cluster.now / 1000)
      for (const shape of short)
        for (let window = 0; window <= last; window++)
          expect(cluster.admitted(shape, window)).toBeLessThanOrEqual(shape.limit)
      expect(cluster.node.waits).toBe(false)
      for (const { limiter, alive } of cluster.workers) if (alive) expect(limiter.waits).toBe(false)
    }),
    { numRuns: 300 },
  )
})

function takeOften(
  cluster: Cluster,
  worker: number,
  { times, which }: { readonly times: number; readonly which: readonly number[] },
  counters: readonly Counter[],
): void {
  const asked = which.flatMap((index) => counters[index] ?? [])
  for (let time = 0; time < times; time++) cluster.take(worker, asked)
}
