import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { emptyBuckets } from '../telemetry/latency-buckets.js'
import type { StatisticsDelta } from '../telemetry/statistics.js'
import { Publisher } from './publisher.js'
import { parseReport } from './statistics-report.js'
import { StatisticsSender } from './statistics-sender.js'
import { gatewayRoutes } from './stream-server.js'

const TOKEN = 'a token of sixteen or more'

const delta = (count: number): StatisticsDelta => ({
  instanceId: 'i',
  groupId: 'g',
  apiId: 'a',
  environmentId: 'e',
  minute: 60,
  count,
  count2xx: count,
  count3xx: 0,
  count4xx: 0,
  count5xx: 0,
  throttled: 0,
  latencySum: 1.5,
  latencyMax: 1.5,
  latencyBuckets: emptyBuckets(),
  innerSum: 0.5,
  innerMax: 0.5,
  backendCount: count,
  backendSum: 1,
  backendMax: 1,
  backendBuckets: emptyBuckets(),
  bytesIn: 10,
  bytesOut: 20,
  publicBytesIn: 0,
  publicBytesOut: 0,
})

async function control(receive: (deltas: readonly StatisticsDelta[]) => void) {
  const server = Fastify()
  let lost = 0
  // As if the reply were lost on the way back.
  server.addHook('onSend', async (_request, reply) => {
    if (lost > 0 && lost--) reply.raw.destroy()
  })
  const publisher = new Publisher({ revision: 0, parts: [] })
  gatewayRoutes(server, {
    publisher,
    token: TOKEN,
    receive: ({ deltas }) => receive(deltas),
    receiveMembers: () => undefined,
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    loseReplies: (count: number) => (lost = count),
    [Symbol.asyncDispose]: async () => server.close(),
  }
}

function sender(controlUrl: string | undefined, warnings: object[] = []) {
  const counted: StatisticsDelta[] = []
  const made = new StatisticsSender({
    controlUrl,
    token: TOKEN,
    collect: () => counted.splice(0),
    log: { info: () => undefined, warn: (details) => warnings.push(details) },
    interval: 20,
  })
  return { counted, made, [Symbol.asyncDispose]: () => made.close() }
}

test('what is counted reaches control by itself', async () => {
  const received: StatisticsDelta[] = []
  await using server = await control((deltas) => received.push(...deltas))
  await using gw = sender(server.url)
  gw.counted.push(delta(1))
  await expect.poll(() => received).toEqual([delta(1)])
})

test('what control could not store, or whose acceptance got lost, is neither lost nor counted twice', async () => {
  const received: StatisticsDelta[] = []
  let failures = 2
  await using server = await control((deltas) => {
    if (failures-- > 0) throw new Error('the database is busy')
    received.push(...deltas)
  })
  server.loseReplies(3)
  await using gw = sender(server.url)
  gw.counted.push(delta(1))
  await gw.made.flush()
  gw.counted.push(delta(2))
  await expect.poll(() => received).toEqual([delta(1), delta(2)])
})

test('while control is away what was counted is kept, up to a bound', async () => {
  const received: StatisticsDelta[] = []
  await using server = await control((deltas) => received.push(...deltas))
  const warnings: object[] = []
  await using gw = sender(undefined, warnings)
  gw.counted.push(...Array.from({ length: 60_000 }, () => delta(1)))
  await gw.made.flush()
  gw.counted.push(...Array.from({ length: 60_000 }, () => delta(2)))
  await gw.made.flush()
  gw.made.controlIsAt(server.url)
  const newer = () => received.filter(({ count }) => count === 2)
  await expect.poll(() => newer()).toHaveLength(60_000)
  expect(received.length).toBeLessThanOrEqual(105_000)
  expect(warnings).toEqual([{ lost: expect.any(Number) as number }])
})

test('the last counts are sent before a gateway ends', async () => {
  const received: StatisticsDelta[] = []
  await using server = await control((deltas) => received.push(...deltas))
  const gw = sender(server.url)
  gw.counted.push(delta(7))
  await gw.made.close()
  expect(received).toEqual([delta(7)])
})

test.each([
  ['no JSON', '{'],
  ['another member', JSON.stringify({ sender: 's', number: 1, deltas: [], more: 1 })],
  ['a count below 0', JSON.stringify({ sender: 's', number: 1, deltas: [{ ...delta(1), count: -1 }] })],
  ['a missing count', JSON.stringify({ sender: 's', number: 1, deltas: [{ ...delta(1), count: undefined }] })],
  [
    'a bucket too many',
    JSON.stringify({ sender: 's', number: 1, deltas: [{ ...delta(1), latencyBuckets: [...emptyBuckets(), 0] }] }),
  ],
  [
    'a bucket below 0',
    JSON.stringify({ sender: 's', number: 1, deltas: [{ ...delta(1), backendBuckets: emptyBuckets().map(() => -1) }] }),
  ],
  ['a fraction of a request', JSON.stringify({ sender: 's', number: 1, deltas: [{ ...delta(1), count: 0.5 }] })],
])('a report with %s is refused', (_, body) => {
  expect(parseReport(Buffer.from(body))).toBeUndefined()
})
