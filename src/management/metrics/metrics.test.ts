import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anApi, type StagedApi } from '../../../test/stage.js'
import { addStatistics } from '../../store/statistics.js'
import type { StatisticsRow } from '../../store/schema.js'

/** Start of an hour, in seconds; in the past, so that no clock matters. */
const HOUR = 1_665_302_400
const MINUTE = 60

const cell = (sluice: TestManagement, api: StagedApi, minute: number, bytes: [number, number]): StatisticsRow => ({
  api_id: api.id,
  minute,
  instance_id: sluice.instanceId,
  group_id: api.groupId,
  requests: 1,
  requests_2xx: 1,
  requests_4xx: 0,
  requests_5xx: 0,
  latency_sum: 1,
  latency_max: 1,
  inner_sum: 1,
  inner_max: 1,
  backend_requests: 0,
  backend_sum: 0,
  backend_max: 0,
  bytes_in: bytes[0],
  bytes_out: bytes[1],
  public_bytes_in: 0,
  public_bytes_out: 0,
  updated_at: 0,
})

/** Two APIs: 600 bytes in and 6,000 out in the first minute, 1,800 and 0 in the third, 60 and 120 five minutes later. */
async function traffic(sluice: TestManagement): Promise<void> {
  const [one, two] = [await anApi(sluice), await anApi(sluice)]
  await sluice.given('addIngressEipV2', { body: { bandwidth_size: 5 } })
  await sluice.store.write([], ({ db }) =>
    addStatistics(db, [
      cell(sluice, one, HOUR, [500, 5_000]),
      cell(sluice, two, HOUR, [100, 1_000]),
      cell(sluice, one, HOUR + 2 * MINUTE, [1_800, 0]),
      cell(sluice, two, HOUR + 7 * MINUTE, [60, 120]),
    ]),
  )
}

const asked = {
  dim: 'inbound_eip',
  metric_name: 'down_stream',
  from: String(HOUR * 1_000),
  to: String((HOUR + 60 * MINUTE) * 1_000),
  period: 1,
  filter: 'average',
}

describe.each(engines)('metric data on $name', (engine) => {
  test('103: a point for each minute with traffic', async () => {
    await using sluice = await management(engine)
    await traffic(sluice)

    const { status, body } = await sluice.call('listMetricData', { query: asked })

    expect([status, body]).toEqual([
      200,
      {
        datapoints: [
          { average: 600, timestamp: HOUR * 1_000, unit: 'Byte' },
          { average: 1_800, timestamp: (HOUR + 120) * 1_000, unit: 'Byte' },
          { average: 60, timestamp: (HOUR + 420) * 1_000, unit: 'Byte' },
        ],
      },
    ])
    const up = await sluice.given('listMetricData', { query: { ...asked, metric_name: 'up_stream', filter: 'max' } })
    expect(up.datapoints.map((point: { max: number }) => point.max)).toEqual([6_000, 0, 120])
  })

  test('telemetry.md 13: a point has the digest that was asked for and no other; a span has a length', async () => {
    await using sluice = await management(engine)
    await traffic(sluice)

    const { datapoints } = await sluice.given('listMetricData', { query: { ...asked, filter: 'max' } })

    expect(datapoints.length).toBeGreaterThan(0)
    for (const point of datapoints) expect(Object.keys(point).sort()).toEqual(['max', 'timestamp', 'unit'])
    for (const to of [asked.from, String(Number(asked.from) - 1)])
      expect(await sluice.call('listMetricData', { query: { ...asked, to } })).toMatchObject({
        status: 400,
        body: { error_code: 'APIG.2012' },
      })
  })

  test('periods, digests and units', async () => {
    await using sluice = await management(engine)
    await traffic(sluice)
    const points = async (more: object) => {
      const { datapoints } = await sluice.given('listMetricData', { query: { ...asked, ...more } })
      return datapoints.map(({ timestamp, unit, ...value }: { timestamp: number; unit: string }) => [
        (timestamp - HOUR * 1_000) / 1_000,
        value,
        unit,
      ])
    }

    expect(await points({ period: 300, filter: 'average' })).toEqual([
      [0, { average: 1_200 }, 'Byte'],
      [300, { average: 60 }, 'Byte'],
    ])
    expect(await points({ period: 300, filter: 'sum' })).toEqual([
      [0, { sum: 2_400 }, 'Byte'],
      [300, { sum: 60 }, 'Byte'],
    ])
    expect(await points({ period: 300, filter: 'variance' })).toEqual([
      [0, { variance: 360_000 }, 'Byte'],
      [300, { variance: 0 }, 'Byte'],
    ])
    expect(await points({ period: 3_600, filter: 'max' })).toEqual([[0, { max: 1_800 }, 'Byte']])
    expect(await points({ period: 3_600, filter: 'min' })).toEqual([[0, { min: 60 }, 'Byte']])
    // 600 bytes in a minute are 80 bits in a second.
    expect(await points({ metric_name: 'downstream_bandwidth' })).toEqual([
      [0, { average: 80 }, 'bit/s'],
      [120, { average: 240 }, 'bit/s'],
      [420, { average: 8 }, 'bit/s'],
    ])
    expect((await points({ metric_name: 'upstream_bandwidth', filter: 'sum', period: 3_600 }))[0]).toEqual([
      0,
      { sum: 816 },
      'bit/s',
    ])
  })

  test('usage is a share of the bandwidth', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await sluice.given('addIngressEipV2', { body: { bandwidth_size: 10 } })
    // Half of 10 Mbit/s in, a quarter out.
    const bytes: [number, number] = [37_500_000, 18_750_000]
    await sluice.store.write([], ({ db }) => addStatistics(db, [cell(sluice, api, HOUR, bytes)]))
    const usage = async (metric_name: string) =>
      (await sluice.given('listMetricData', { query: { ...asked, metric_name } })).datapoints

    expect(await usage('downstream_bandwidth_usage')).toEqual([{ average: 50, timestamp: HOUR * 1_000, unit: '%' }])
    expect(await usage('upstream_bandwidth_usage')).toEqual([{ average: 25, timestamp: HOUR * 1_000, unit: '%' }])
  })

  test('the span includes its beginning, not its end', async () => {
    await using sluice = await management(engine)
    await traffic(sluice)
    const moments = async (from: number, to: number) => {
      const query = { ...asked, from: String(from), to: String(to) }
      const { datapoints } = await sluice.given('listMetricData', { query })
      return datapoints.map((point: { timestamp: number }) => point.timestamp / 1_000 - HOUR)
    }

    expect(await moments(HOUR * 1_000, (HOUR + 120) * 1_000)).toEqual([0])
    expect(await moments(HOUR * 1_000, (HOUR + 120) * 1_000 + 1)).toEqual([0, 120])
    expect(await moments(HOUR * 1_000 + 1, (HOUR + 500) * 1_000)).toEqual([120, 420])
    expect(await moments(0, 999_999_999_999_999)).toEqual([0, 120, 420])
  })

  test('an address that the instance does not have has no points', async () => {
    await using sluice = await management(engine)
    await traffic(sluice)
    const query = { ...asked, dim: 'outbound_eip' }
    expect(await sluice.given('listMetricData', { query })).toEqual({ datapoints: [] })
    await sluice.given('addEngressEipV2', { body: { bandwidth_size: '5' } })
    // Nothing has passed.
    expect(await sluice.given('listMetricData', { query })).toEqual({ datapoints: [] })

    await sluice.given('removeIngressEipV2')
    expect(await sluice.given('listMetricData', { query: asked })).toEqual({ datapoints: [] })
  })

  test('an instance with public egress has points of backends at public addresses', async () => {
    await using sluice = await management(engine)
    const [one, two] = [await anApi(sluice), await anApi(sluice)]
    await sluice.given('addEngressEipV2', { body: { bandwidth_size: '10' } })
    const abroad = (api: StagedApi, minute: number, bytes: [number, number]) => ({
      ...cell(sluice, api, minute, [9, 9]),
      public_bytes_in: bytes[0],
      public_bytes_out: bytes[1],
    })
    await sluice.store.write([], ({ db }) =>
      addStatistics(db, [
        abroad(one, HOUR, [500, 37_500_000]),
        abroad(two, HOUR, [100, 0]),
        abroad(one, HOUR + MINUTE, [0, 0]),
      ]),
    )
    const points = async (metric_name: string) => {
      const query = { ...asked, dim: 'outbound_eip', metric_name }
      return (await sluice.given('listMetricData', { query })).datapoints
    }

    // Up is what leaves the gateway.
    const timestamp = HOUR * 1_000
    expect(await points('down_stream')).toEqual([{ average: 600, timestamp, unit: 'Byte' }])
    expect(await points('up_stream')).toEqual([{ average: 37_500_000, timestamp, unit: 'Byte' }])
    expect(await points('upstream_bandwidth_usage')).toEqual([{ average: 50, timestamp, unit: '%' }])
    expect(await sluice.given('listMetricData', { query: asked })).toEqual({ datapoints: [] })
  })

  test('what cannot be asked for is named', async () => {
    await using sluice = await management(engine)
    const wrong: [name: string, value: string | number | undefined][] = [
      ['dim', 'eip'],
      ['dim', undefined],
      ['metric_name', 'latency'],
      ['period', 60],
      ['period', 'day'],
      ['filter', 'median'],
      ['from', 'yesterday'],
      ['from', '-1'],
      ['from', '1.5'],
      ['from', undefined],
      ['to', asked.from],
      ['to', '1'],
      ['to', '1'.repeat(16)],
    ]

    for (const [name, value] of wrong) {
      const { [name]: _, ...rest } = asked as Record<string, string | number>
      const reply = await sluice.call('listMetricData', {
        query: value === undefined ? rest : { ...rest, [name]: value },
      })
      expect([reply.status, reply.body], `${name}=${value ?? ''}`).toEqual([
        400,
        {
          error_code: 'APIG.2012',
          error_msg: `Invalid parameter value,parameterName:${name}. Please refer to the support documentation`,
        },
      ])
    }
  })

  test('an instance that is not there has no metrics', async () => {
    await using sluice = await management(engine)

    const { status, body } = await sluice.call('listMetricData', { instanceId: 'unknown', query: asked })

    expect([status, body.error_code]).toEqual([404, 'APIG.3030'])
  })
})
