import { expect, test } from 'vitest'
import { Statistics, type Counted } from './statistics.js'

function request(changes: Partial<Counted> = {}): Counted {
  return {
    receivedAt: 120_500,
    startedAt: 1000,
    finishedAt: 1010,
    status: 200,
    errorType: '',
    upstreamStartedAt: 0,
    upstreamTotal: 0,
    bytesIn: 100,
    bytesOut: 200,
    publicBytesIn: 0,
    publicBytesOut: 0,
    ...changes,
  }
}

test('a minute of an API, all of its counts', () => {
  const statistics = new Statistics()
  const api = statistics.of('i1', 'g1', 'a1', 'e1')
  api.record(request({ upstreamStartedAt: 1002, upstreamTotal: 6 }))
  api.record(request({ finishedAt: 1030, status: 502, upstreamStartedAt: 1002, upstreamTotal: 25 }))
  api.record(request({ status: 429, errorType: 'THROTTLED' }))
  api.record(request({ status: 301 }))
  expect(statistics.drain()).toEqual([
    {
      instanceId: 'i1',
      groupId: 'g1',
      apiId: 'a1',
      environmentId: 'e1',
      minute: 120,
      count: 4,
      count2xx: 1,
      count3xx: 1,
      count4xx: 1,
      count5xx: 1,
      throttled: 1,
      latencySum: 60,
      latencyMax: 30,
      latencyBuckets: [0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      innerSum: 29,
      innerMax: 10,
      backendCount: 2,
      backendSum: 31,
      backendMax: 25,
      backendBuckets: [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      bytesIn: 400,
      bytesOut: 800,
      publicBytesIn: 0,
      publicBytesOut: 0,
    },
  ])
})

test('what was told is not told again, and deltas of one minute add up', () => {
  const statistics = new Statistics()
  const api = statistics.of('i1', 'g1', 'a1', 'e1')
  api.record(request())
  const first = statistics.drain()
  api.record(request())
  api.record(request())
  const second = statistics.drain()
  expect([...first, ...second].map(({ minute, count }) => [minute, count])).toEqual([
    [120, 1],
    [120, 2],
  ])
  expect(statistics.drain()).toEqual([])
})

test('a request counts in the minute in which it was received, however late it ends', () => {
  const statistics = new Statistics()
  const api = statistics.of('i1', 'g1', 'a1', 'e1')
  for (const receivedAt of [179_999, 180_000, 179_000, 180_001]) api.record(request({ receivedAt }))
  expect(statistics.drain().map(({ minute, count }) => [minute, count])).toEqual([
    [120, 2],
    [180, 2],
  ])
})

test('requests that no API has answered are counted by group', () => {
  const statistics = new Statistics()
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: 'i1', groupId: 'g1' })
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: '', groupId: '' })
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: 'i1', groupId: 'g1' })
  expect(statistics.drain()).toMatchObject([
    { instanceId: 'i1', groupId: 'g1', apiId: '', environmentId: '', count: 2, count4xx: 2 },
    { instanceId: '', groupId: '', apiId: '', environmentId: '', count: 1, count4xx: 1 },
  ])
  // Groups may be gone when it was told, and new ones come for ever.
  expect(statistics.size).toBe(0)
  statistics.recordUnmatched({ ...request({ status: 404 }), instanceId: 'i1', groupId: 'g1' })
  expect(statistics.drain()).toMatchObject([{ groupId: 'g1', count: 1 }])
})
