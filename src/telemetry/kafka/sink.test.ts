import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KafkaSink, type SinkOptions, type SinkTarget } from './sink.js'

const MIB = 1024 * 1024
const BOUND = 32 * MIB

const target: SinkTarget = {
  brokers: [{ host: '192.0.2.1', port: 9092 }],
  topic: 't',
  key: undefined,
  credentials: undefined,
  tls: undefined,
  retries: 0,
  backoff: 1,
}

type Client = ReturnType<NonNullable<SinkOptions['connect']>>

/** A sink whose brokers are what `client` says, and what it has told of losses. */
function sinkTo(client: Client, mostBytes?: number) {
  const losses: [number, string][] = []
  const sink = new KafkaSink(target, {
    isForbidden: () => Promise.resolve(false),
    onLoss: (count, reason) => losses.push([count, reason]),
    connect: () => client,
    ...(mostBytes === undefined ? {} : { mostBytes }),
  })
  return { sink, losses }
}

/** Takes records, and never says that it has them, until it is closed. */
function silent(): Client {
  let giveUp: (reason: Error) => void = () => undefined
  return {
    send: () => new Promise((_, reject) => (giveUp = reject)),
    close: () => giveUp(new Error('closed')),
  }
}

test('while brokers are down no more than 32 MiB are kept, whatever comes; what finds no room is dropped and counted', async () => {
  const { sink, losses } = sinkTo(silent())
  const records = 128 * 1024
  for (let i = 0; i < records; i++) {
    sink.push(Buffer.alloc(1024, i & 0xff))
    if (i % 1024 === 0) expect(sink.bytes).toBeLessThanOrEqual(BOUND)
    // The run of a broker that is down has its turns too.
    if (i % 8192 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(sink.bytes).toBeGreaterThan(BOUND - 2 * MIB)
  expect(sink.bytes).toBeLessThanOrEqual(BOUND)
  const kept = Math.floor(BOUND / (1024 + 128))
  expect(sink.dropped).toBe(records - kept)
  // The first loss is told at once, the others are collected.
  expect(losses).toEqual([[1, 'the buffer is full']])
  await sink.close(1)
  expect(sink.bytes).toBe(0)
  expect(sink.dropped).toBe(records)
  expect(losses.reduce((sum, [count]) => sum + count, 0)).toBe(records)
})

test('bodies that are being collected count as well, and have room again when they are let go', async () => {
  const { sink } = sinkTo(silent(), 10_000)
  expect(sink.reserve(9_000)).toBe(true)
  expect(sink.reserve(1_001)).toBe(false)
  sink.push(Buffer.alloc(900))
  expect(sink.dropped).toBe(1)
  sink.release(9_000)
  sink.push(Buffer.alloc(900))
  expect([sink.dropped, sink.bytes]).toEqual([1, 1_028])
  await sink.close(0)
})

test('whatever happens, each record was delivered or dropped, and memory is within its bound and given back', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), size: fc.integer({ min: 0, max: 4_000 }) }),
    fc.record({ kind: fc.constant('turn' as const), fails: fc.boolean() }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let fails = false
      let delivered = 0
      const { sink, losses } = sinkTo(
        {
          send: async (values) => {
            await Promise.resolve()
            if (fails) throw new Error('down')
            delivered += values.length
          },
          close: () => undefined,
        },
        20_000,
      )
      let pushed = 0
      for (const one of steps) {
        if (one.kind === 'push') {
          sink.push(Buffer.alloc(one.size))
          pushed++
        } else {
          fails = one.fails
          await new Promise((resolve) => setImmediate(resolve))
        }
        expect(sink.bytes).toBeLessThanOrEqual(20_000)
      }
      await sink.close(1_000)
      expect(sink.bytes).toBe(0)
      expect(delivered + sink.dropped).toBe(pushed)
      expect(losses.reduce((sum, [count]) => sum + count, 0)).toBe(sink.dropped)
    }),
    { numRuns: 30 },
  )
})
