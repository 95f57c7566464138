import Fastify from 'fastify'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { emptyBuckets, LATENCY_BOUNDS } from '../../telemetry/latency-buckets.js'
import type { GatewayFigures } from '../../telemetry/gateway-figures.js'
import { Statistics, type Counted, type StatisticsDelta } from '../../telemetry/statistics.js'
import type { CheckedAddress } from '../vpc-channels/member-health.js'
import { Gateways } from './gateways.js'
import { metricsRegistry } from './registry.js'
import { metricsRoute } from './routes.js'
import { Traffic } from './traffic.js'

const HOUR = 3_600_000

const request = (changes: Partial<Counted> = {}): Counted => ({
  receivedAt: 120_500,
  startedAt: 0,
  finishedAt: 4,
  status: 200,
  errorType: '',
  upstreamStartedAt: 0,
  upstreamTotal: 0,
  bytesIn: 100,
  bytesOut: 200,
  publicBytesIn: 0,
  publicBytesOut: 0,
  ...changes,
})

/** What one gateway tells of requests for an API. */
function counted(apiId: string, ...requests: readonly Partial<Counted>[]): StatisticsDelta[] {
  const statistics = new Statistics()
  const api = statistics.of('i1', 'g1', apiId, 'e1')
  for (const changes of requests) api.record(request(changes))
  return statistics.drain()
}

const figures: GatewayFigures = {
  process: { startedAt: 1_000.5, cpu: 2.5, busy: 1.5, resident: 4_096, heap: 1_024 },
  revision: 7,
  connections: 3,
  inFlight: 1,
  losses: [{ what: 'kafka_log', pluginId: 'k1', count: 9 }],
  kafka: [{ pluginId: 'k1', bytes: 512 }],
  circuits: [],
}

function control({ most = 1_000, token }: { readonly most?: number; readonly token?: string } = {}) {
  const traffic = new Traffic(most)
  const gateways = new Gateways()
  const addresses: CheckedAddress[] = []
  const clock = { now: 0 }
  const registry = metricsRegistry({
    ...{ traffic, gateways, node: 'n1' },
    checkedAddresses: () => addresses,
    revision: () => 8,
    clock: () => clock.now,
  })
  const app = Fastify()
  metricsRoute(app, { registry, token })
  const read = (headers: Readonly<Record<string, string>> = {}) => app.inject({ url: '/metrics', headers })
  /** Values of a metric by the text of their labels. */
  const values = async (name: string): Promise<Record<string, number>> => {
    const lines = (await registry.metrics()).split('\n').filter((line) => /^[^{ ]+/.exec(line)?.[0] === name)
    return Object.fromEntries(
      lines.map((line) => {
        const [labels = '', value] = line.slice(name.length).split(/ (?=\S+$)/)
        return [labels, Number(value)]
      }),
    )
  }
  return { registry, traffic, gateways, addresses, clock, read, values }
}

test('what several gateways counted is one figure for each API, environment and class', async () => {
  const { traffic, values } = control()
  traffic.add(counted('a1', {}, { status: 304 }, { status: 101 }), 0)
  traffic.add(counted('a1', { status: 429, errorType: 'THROTTLED' }, { status: 502 }), 0)
  const labels = (status: string) => `{instance_id="i1",api_id="a1",group_id="g1",env_id="e1",status_class="${status}"}`
  expect(await values('apig_requests_total')).toEqual(
    Object.fromEntries(['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => [labels(status), 1])),
  )
  const api = '{instance_id="i1",api_id="a1"}'
  expect(await values('apig_throttled_total')).toEqual({ [api]: 1 })
  expect(await values('apig_request_bytes_total')).toEqual({ [api]: 500 })
  expect(await values('apig_response_bytes_total')).toEqual({ [api]: 1_000 })
})

test('a histogram counts what is not above each of its steps', async () => {
  const { traffic, values } = control()
  traffic.add(counted('a1', { finishedAt: 1 }, { finishedAt: 7, upstreamStartedAt: 1, upstreamTotal: 5 }), 0)
  traffic.add(counted('a1', { finishedAt: 70_000 }), 0)
  const at = (le: number | string) => `{instance_id="i1",api_id="a1",le="${le}"}`
  const buckets = await values('apig_latency_ms_bucket')
  expect(Object.keys(buckets)).toEqual([...LATENCY_BOUNDS, '+Inf'].map(at))
  expect([1, 5, 10, 60_000, '+Inf'].map((le) => buckets[at(le)])).toEqual([1, 1, 2, 2, 3])
  const api = '{instance_id="i1",api_id="a1"}'
  expect(await values('apig_latency_ms_sum')).toEqual({ [api]: 70_008 })
  expect(await values('apig_latency_ms_count')).toEqual({ [api]: 3 })
  expect(await values('apig_upstream_latency_ms_sum')).toEqual({ [api]: 5 })
  expect(await values('apig_upstream_latency_ms_count')).toEqual({ [api]: 1 })
})

test('requests that no API has answered are those of a group, or of nobody', async () => {
  const { traffic, values } = control()
  const statistics = new Statistics()
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: 'i1', groupId: 'g1' })
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: '', groupId: '' })
  traffic.add(statistics.drain(), 0)
  expect(await values('apig_requests_total')).toEqual({
    '{instance_id="i1",api_id="",group_id="g1",env_id="",status_class="4xx"}': 1,
    '{instance_id="",api_id="",group_id="",env_id="",status_class="4xx"}': 1,
  })
})

test('drafts are counted as one environment, however many there are', async () => {
  const { traffic, values } = control()
  for (let i = 0; i < 3; i++)
    traffic.add(
      counted('a1', {}).map((delta) => ({ ...delta, environmentId: `draft:${i}` })),
      0,
    )
  expect(await values('apig_requests_total')).toEqual({
    '{instance_id="i1",api_id="a1",group_id="g1",env_id="draft",status_class="2xx"}': 3,
  })
})

test('APIs beyond the bound are counted as one, until one of the others was idle for an hour', async () => {
  const { traffic, values } = control({ most: 2 })
  traffic.add([...counted('a1', {}), ...counted('a2', {}), ...counted('a3', {}), ...counted('a4', {})], 0)
  const counts = async () =>
    Object.fromEntries(
      Object.entries(await values('apig_latency_ms_count')).map(([labels, value]) => [
        /api_id="(.*?)"/.exec(labels)?.[1],
        value,
      ]),
    )
  expect(await counts()).toEqual({ a1: 1, a2: 1, others: 2 })
  traffic.add([...counted('a1', {}), ...counted('a3', {})], HOUR - 1)
  expect(await counts()).toEqual({ a1: 2, a2: 1, others: 3 })
  traffic.add(counted('a3', {}), HOUR)
  expect(await counts()).toEqual({ a1: 2, a3: 1, others: 3 })
  expect(Object.keys(await values('apig_requests_total'))).toContain(
    '{instance_id="others",api_id="others",group_id="others",env_id="others",status_class="2xx"}',
  )
})

test('50,000 APIs make a page no longer than the bound allows', async () => {
  const { traffic, read } = control({ most: 100 })
  const [delta] = counted('a', {})
  for (let i = 0; i < 50_000; i++) if (delta) traffic.add([{ ...delta, apiId: `a${i}` }], 0)
  const lines = (await read()).body.split('\n').length
  expect(lines).toBeLessThan(101 * (2 * (emptyBuckets().length + 2) + 4) + 200)
})

test('gateway processes tell of themselves; a successor takes the place, and silence of a minute ends it', async () => {
  const { gateways, clock, values } = control()
  gateways.take({ node: 'n1', worker: 2, figures }, 0)
  gateways.take({ node: 'n1', worker: 1, figures }, 0)
  gateways.take({ node: 'n1', worker: 1, figures: { ...figures, connections: 5 } }, 1_000)
  // In the order of their numbers, whoever told first.
  expect(gateways.all(1_000).map(({ worker }) => worker)).toEqual([1, 2])
  expect(await values('sluice_gateway_connections')).toEqual({
    '{node="n1",worker="1"}': 5,
    '{node="n1",worker="2"}': 3,
  })
  expect(await values('sluice_dropped_total')).toMatchObject({
    '{node="n1",worker="1",what="kafka_log",plugin_id="k1"}': 9,
  })
  expect(await values('sluice_kafka_buffer_bytes')).toMatchObject({ '{node="n1",worker="1",plugin_id="k1"}': 512 })
  expect(Object.values(await values('sluice_gateway_revision'))).toEqual([7, 7])
  expect(Object.values(await values('sluice_published_revision'))).toEqual([8])
  expect(await values('process_cpu_seconds_total')).toEqual({
    '{role="control",node="n1",worker=""}': expect.any(Number) as number,
    '{role="gateway",node="n1",worker="1"}': 2.5,
    '{role="gateway",node="n1",worker="2"}': 2.5,
  })
  clock.now = 60_500
  expect(Object.keys(await values('sluice_gateway_connections'))).toEqual(['{node="n1",worker="1"}'])
})

test('a breaker is open where one process has opened it, a member down where one finds it so', async () => {
  const { gateways, addresses, values } = control()
  const circuit = (apiId: string, isOpen: boolean) => ({ pluginId: 'p1', apiId, isOpen })
  gateways.take({ node: 'n1', worker: 1, figures: { ...figures, circuits: [circuit('a1', false)] } }, 0)
  gateways.take(
    { node: 'n1', worker: 2, figures: { ...figures, circuits: [circuit('a1', true), circuit('', false)] } },
    0,
  )
  addresses.push({ channelId: 'c1', address: '192.0.2.1:80', healthy: true })
  addresses.push({ channelId: 'c1', address: '192.0.2.2:80', healthy: false })
  expect(await values('apig_breaker_state')).toEqual({
    '{plugin_id="p1",api_id="a1"}': 1,
    '{plugin_id="p1",api_id=""}': 0,
  })
  expect(await values('apig_upstream_health')).toEqual({
    '{vpc_channel_id="c1",member="192.0.2.2:80"}': 0,
    '{vpc_channel_id="c1",member="192.0.2.1:80"}': 1,
  })
})

test('a page is made once a second at most, however often it is read', async () => {
  const { traffic, read } = control()
  const first = await read()
  traffic.add(counted('a1', {}), 0)
  expect((await read()).body).toBe(first.body)
  expect(first.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  await expect.poll(async () => (await read()).body, { timeout: 5_000 }).toContain('api_id="a1"')
})

test('where a token is set, only who shows it may read', async () => {
  const { read } = control({ token: 'a token of sixteen or more' })
  expect((await read()).statusCode).toBe(401)
  expect((await read({ authorization: 'Bearer another token' })).statusCode).toBe(401)
  const shown = await read({ authorization: 'Bearer a token of sixteen or more' })
  expect([shown.statusCode, shown.body.includes('process_cpu_seconds_total')]).toEqual([200, true])
})

describe('the page for operators', () => {
  const read = (file: string) => readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')
  const names = (text: string) =>
    new Set(
      Array.from(text.matchAll(/\b(?:apig|sluice|process|nodejs)_[a-z_]+\b/g), ([name]) =>
        name.replace(/^(apig_(?:upstream_)?latency_ms)_(?:bucket|sum|count)$/, '$1'),
      ),
    )

  test('has a row for every metric, with its labels', async () => {
    const { registry, traffic, gateways, addresses } = control()
    traffic.add(counted('a1', {}), 0)
    gateways.take(
      { node: 'n1', worker: 1, figures: { ...figures, circuits: [{ pluginId: 'p1', apiId: '', isOpen: true }] } },
      0,
    )
    addresses.push({ channelId: 'c1', address: '192.0.2.1:80', healthy: true })
    const rows = new Map(
      Array.from(read('operations.md').matchAll(/^\| `(\w+_\w+)` \| (.*?) \|/gm), ([, name = '', labels = '']) => [
        name,
        Array.from(labels.matchAll(/`(\w+)`/g), ([, label]) => label),
      ]),
    )
    for (const { name, values } of await registry.getMetricsAsJSON()) {
      const labels = Object.keys(values[0]?.labels ?? {}).filter((label) => label !== 'le')
      expect([name, rows.get(name)?.toSorted()]).toEqual([name, labels.sort()])
    }
  })

  test.each(['operations.md', 'operations.zh-CN.md', 'grafana-dashboard.json'])('%s names no other', (file) => {
    const { registry } = control()
    const known = new Set(registry.getMetricsAsArray().map(({ name }) => name))
    const named = names(read(file))
    expect(named.size).toBeGreaterThan(10)
    expect([...named].filter((name) => !known.has(name))).toEqual([])
  })
})
