import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { aGroup, anApi, publish, type StagedApi } from '../../../test/stage.js'
import { emptyBuckets } from '../../telemetry/latency-buckets.js'
import type { StatisticsDelta } from '../../telemetry/statistics.js'
import { StatisticsSink } from './sink.js'

const notThere = '11111111-2222-3333-4444-555555555555'

/** The running minute when the file is loaded, in seconds; tests set their clock to its first second. */
const MINUTE = Math.floor(Date.now() / 60_000) * 60
const START = MINUTE * 1_000 + 1_000

/** As statistics show a moment by default: in UTC+8. */
const shown = (moment: number): string => new Date(moment + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

/** The seven calls of the reference's example. */
const sevenCalls = (sluice: TestManagement, api: StagedApi, minute = MINUTE): StatisticsDelta => ({
  instanceId: sluice.instanceId,
  groupId: api.groupId,
  apiId: api.id,
  environmentId: 'DEFAULT_ENVIRONMENT_RELEASE_ID',
  minute,
  count: 7,
  count2xx: 0,
  count3xx: 0,
  count4xx: 6,
  count5xx: 1,
  throttled: 0,
  latencySum: 29,
  latencyMax: 14.2,
  latencyBuckets: emptyBuckets(),
  innerSum: 11,
  innerMax: 7.9,
  backendCount: 7,
  backendSum: 19,
  backendMax: 6,
  backendBuckets: emptyBuckets(),
  bytesIn: 1_071,
  bytesOut: 3_790,
  publicBytesIn: 5,
  publicBytesOut: 6,
})

function sinkOf(sluice: TestManagement, options: { onError?: (error: unknown) => void; now?: () => number } = {}) {
  const { onError = (error) => expect.unreachable(String(error)), now = () => START } = options
  const sink = new StatisticsSink({ store: sluice.store, clock: now, onError })
  let number = 0
  return {
    sink,
    receive: (deltas: readonly StatisticsDelta[]) => sink.receive({ sender: 'gateway', number: number++, deltas }),
    [Symbol.asyncDispose]: () => sink.close(),
  }
}

const ofApi = (sluice: TestManagement, api_id: string, duration = '1h') =>
  sluice.call('listLatelyApiStatisticsV2', { query: { api_id, duration } })

const ofGroup = (sluice: TestManagement, group_id: string) =>
  sluice.call('listLatelyGroupStatisticsV2', { query: { group_id } })

describe.each(engines)('statistics on $name', (engine) => {
  test('103: calls of a minute are listed with the window that was asked for', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START
    await gateways.receive([sevenCalls(sluice, api)])

    const reply = await ofApi(sluice, api.id)
    const group = await ofGroup(sluice, api.groupId)

    const window = { code: 'APIG.0000', start_time: MINUTE - 3_540, end_time: MINUTE }
    const calls = {
      current_minute: MINUTE,
      req_count: 7,
      group_id: api.groupId,
      provider: sluice.projectId,
      req_time: shown(MINUTE * 1_000),
      register_time: shown(START),
    }
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({ ...window, list: [{ ...calls, api_id: api.id, status: 1, cycle: 'MINUTE' }] })
    expect(Object.keys(reply.body)).toEqual(['code', 'start_time', 'end_time', 'list'])
    expect(group.body).toMatchObject({ ...window, list: [calls] })
  })

  test('what several gateways counted adds up; the largest maximum and the last write count', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    let now = START
    await using gateways = sinkOf(sluice, { now: () => now })
    sluice.now = START
    const delta = sevenCalls(sluice, api)
    await gateways.receive([delta, { ...delta, latencyMax: 3, backendCount: 0, backendSum: 0 }])
    now += 2_000
    await gateways.receive([
      { ...delta, count: 1, count4xx: 0, count5xx: 0, count2xx: 1, latencySum: 71, latencyMax: 71 },
    ])

    const [entry] = (await ofApi(sluice, api.id)).body.list

    expect(entry).toMatchObject({
      req_count: 15,
      req_count2xx: 1,
      req_count4xx: 12,
      req_count5xx: 2,
      req_count_error: 14,
      max_latency: 71,
      avg_latency: 8.6,
      max_backend_latency: 6,
      avg_backend_latency: 2.71,
      input_throughput: 3 * 1_071,
      output_throughput: 3 * 3_790,
      register_time: shown(START + 2_000),
    })
  })

  test('a group is the sum of its APIs, minute by minute', async () => {
    await using sluice = await management(engine)
    const group = await aGroup(sluice)
    const [first, second] = [await anApi(sluice, { group_id: group }), await anApi(sluice, { group_id: group })]
    const other = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START
    await gateways.receive([
      sevenCalls(sluice, first),
      { ...sevenCalls(sluice, second), latencySum: 6, latencyMax: 20 },
      sevenCalls(sluice, second, MINUTE - 60),
      sevenCalls(sluice, other),
    ])

    const { list } = (await ofGroup(sluice, group)).body

    expect(list).toMatchObject([
      { current_minute: MINUTE - 60, req_count: 7, req_time: shown((MINUTE - 60) * 1_000) },
      {
        current_minute: MINUTE,
        req_count: 14,
        req_count4xx: 12,
        req_count_error: 14,
        avg_latency: 2.5,
        max_latency: 20,
      },
    ])
  })

  test('telemetry.md 12: minutes of a group have no fields of a single API', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START
    await gateways.receive([sevenCalls(sluice, api)])

    const [ofOneApi] = (await ofApi(sluice, api.id)).body.list
    const [minute] = (await ofGroup(sluice, api.groupId)).body.list

    const single = [...['max', 'avg'].flatMap((kind) => [`${kind}_inner_latency`, `${kind}_backend_latency`])]
    single.push('cycle', 'api_id', 'status')
    expect(Object.keys(minute).sort()).toEqual(
      Object.keys(ofOneApi)
        .filter((name) => !single.includes(name))
        .sort(),
    )
  })

  test('telemetry.md 10: half an hour begins 29 minutes before its last minute; days cannot be asked for', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    sluice.now = START
    const { start_time, end_time } = (await ofApi(sluice, api.id, '30m')).body
    expect(end_time - start_time).toBe(1_740)
    expect(await ofApi(sluice, api.id, '2d')).toMatchObject({ status: 400, body: { error_code: 'APIG.2012' } })
  })

  test('only minutes of the window with calls are listed, ascending, and averages of nothing are 0', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START
    const at = (minutesAgo: number) => ({
      ...sevenCalls(sluice, api, MINUTE - minutesAgo * 60),
      backendCount: 0,
      backendSum: 0,
      backendMax: 0,
    })
    await gateways.receive([at(0), at(60), at(59), at(30), at(29), at(1)])
    const minutesAgo = async (duration: string) =>
      (await ofApi(sluice, api.id, duration)).body.list.map(
        (entry: { current_minute: number }) => (MINUTE - entry.current_minute) / 60,
      )

    expect(await minutesAgo('1h')).toEqual([59, 30, 29, 1, 0])
    expect(await minutesAgo('60m')).toEqual([59, 30, 29, 1, 0])
    expect(await minutesAgo('30m')).toEqual([29, 1, 0])
    expect(await minutesAgo('1m')).toEqual([0])
    const { start_time, end_time, list } = (await ofApi(sluice, api.id, '30m')).body
    expect([start_time, end_time]).toEqual([MINUTE - 29 * 60, MINUTE])
    expect(list[0]).toMatchObject({ avg_backend_latency: 0, max_backend_latency: 0 })
  })

  test('telemetry.md 11: without calls the list is empty', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    expect((await ofApi(sluice, api.id)).body).toMatchObject({ code: 'APIG.0000', list: [] })
    expect((await ofGroup(sluice, api.groupId)).body).toMatchObject({ code: 'APIG.0000', list: [] })
  })

  test('the zone of shown times can be set', async () => {
    await using sluice = await management(engine, { settings: { statisticsOffset: -210 } })
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START
    await gateways.receive([sevenCalls(sluice, api)])
    expect((await ofApi(sluice, api.id)).body.list).toMatchObject([
      { req_time: shown(MINUTE * 1_000 - 690 * 60_000), register_time: shown(START - 690 * 60_000) },
    ])
  })

  test('an unknown API or group is named, and so is a duration of more than an hour', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const wrongDuration = 'Invalid parameter value,parameterName:duration. Please refer to the support documentation'
    expect(await ofApi(sluice, notThere)).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3002', error_msg: `API ${notThere} does not exist` },
    })
    expect(await ofGroup(sluice, notThere)).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3001', error_msg: `API group ${notThere} does not exist` },
    })
    for (const duration of ['2h', '61m', '2d', '0m'])
      expect(await ofApi(sluice, api.id, duration), duration).toMatchObject({
        status: 400,
        body: { error_code: 'APIG.2012', error_msg: wrongDuration },
      })
    expect(await sluice.call('listLatelyApiStatisticsV2', { query: { api_id: api.id } })).toMatchObject({
      status: 400,
      body: { error_code: 'APIG.2012', error_msg: wrongDuration },
    })
    expect(await sluice.call('listLatelyGroupStatisticsV2')).toMatchObject({
      status: 400,
      body: { error_code: 'APIG.2012' },
    })
  })

  test('outlines count groups, APIs by release, and apps by authorisation', async () => {
    await using sluice = await management(engine)
    const env = await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    const released = await anApi(sluice)
    const inDev = await anApi(sluice, { group_id: released.groupId })
    await anApi(sluice, { group_id: released.groupId })
    await publish(sluice, released.id)
    await publish(sluice, released.id, env.id)
    await publish(sluice, inDev.id, env.id)

    // The group of these APIs and the one that every instance has.
    expect((await sluice.call('listApiGroupsQuantitiesV2')).body).toEqual({ offsell_nums: 2, onsell_nums: 0 })
    expect((await sluice.call('listApiQuantitiesV2')).body).toEqual({
      instance_num: 3,
      nums_on_release: 1,
      nums_off_release: 2,
    })
    expect((await sluice.call('listAppQuantitiesV2')).body).toEqual({ authed_nums: 0, unauthed_nums: 0 })
  })
})

describe.each(engines)('the sink of statistics on $name', (engine) => {
  test('counts of APIs that are gone are dropped, the others are written', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START

    await gateways.receive([sevenCalls(sluice, { ...api, id: notThere }), sevenCalls(sluice, api)])

    expect((await ofApi(sluice, api.id)).body.list).toHaveLength(1)
    expect(await sluice.store.read((db) => db.selectFrom('statistics').select('api_id').execute())).toEqual([
      { api_id: api.id },
    ])
  })

  test('more cells than one statement may carry are written all', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    const deltas = Array.from({ length: 1_100 }, (_, i) => sevenCalls(sluice, api, MINUTE - i * 60))

    await gateways.receive(deltas)
    await gateways.receive(deltas)

    const { count, requests } = await sluice.store.read((db) =>
      db
        .selectFrom('statistics')
        .select((eb) => [
          eb.fn.countAll<number>().as('count'),
          eb.cast<number>(eb.fn.sum('requests'), 'bigint').as('requests'),
        ])
        .executeTakeFirstOrThrow(),
    )
    expect([count, requests]).toEqual([1_100, 2 * 1_100 * 7])
  })

  test('what comes while a write is under way is written after it', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    await using gateways = sinkOf(sluice)
    sluice.now = START

    await Promise.all(Array.from({ length: 20 }, () => gateways.receive([sevenCalls(sluice, api)])))

    expect((await ofApi(sluice, api.id)).body.list).toMatchObject([{ req_count: 140 }])
  })

  test('a refused write is reported and made up for by the next one', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const errors: unknown[] = []
    let refuses = true
    const store = {
      ...sluice.store,
      write: (...parameters: Parameters<typeof sluice.store.write>) =>
        refuses ? Promise.reject(new Error('disk full')) : sluice.store.write(...parameters),
    } as typeof sluice.store
    const sink = new StatisticsSink({ store, clock: () => START, onError: (error) => errors.push(error) })
    sluice.now = START

    await sink.receive({ sender: 'one', number: 1, deltas: [sevenCalls(sluice, api)] })
    expect(errors).toEqual([new Error('disk full')])
    refuses = false
    await sink.receive({ sender: 'one', number: 2, deltas: [sevenCalls(sluice, api)] })
    await sink.close()

    expect((await ofApi(sluice, api.id)).body.list).toMatchObject([{ req_count: 14 }])
    expect(errors).toHaveLength(1)
  })

  test('what was written just before control was killed counts once, though its gateway sends it again', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    sluice.now = START
    const options = {
      store: sluice.store,
      clock: () => START,
      onError: (error: unknown) => expect.unreachable(String(error)),
    }
    const report = (sender: string, number: number) => ({ sender, number, deltas: [sevenCalls(sluice, api)] })
    const killed = new StatisticsSink(options)
    expect(await killed.receive(report('one', 1))).toBe(true)
    expect(await Promise.all([killed.receive(report('one', 2)), killed.receive(report('two', 7))])).toEqual([
      true,
      true,
    ])
    const next = new StatisticsSink(options)
    for (const [sender, number, isNew] of [
      ['one', 2, false],
      ['two', 7, false],
      ['one', 1, false],
      ['one', 3, true],
      ['two', 8, true],
      ['three', 0, true],
    ] as const)
      expect([sender, number, await next.receive(report(sender, number))]).toEqual([sender, number, isNew])
    await Promise.all([killed.close(), next.close()])
    expect((await ofApi(sluice, api.id)).body.list).toMatchObject([{ req_count: 6 * 7 }])
  })

  test('a report that could not be written is not remembered as if it were', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    sluice.now = START
    const refusing = { ...sluice.store, write: () => Promise.reject(new Error('disk full')) } as typeof sluice.store
    const report = { sender: 'one', number: 1, deltas: [sevenCalls(sluice, api)] }
    const killed = new StatisticsSink({ store: refusing, clock: () => START, onError: () => undefined })
    await killed.receive(report)
    await killed.close()
    await using gateways = sinkOf(sluice)
    expect(await gateways.sink.receive(report)).toBe(true)
    expect((await ofApi(sluice, api.id)).body.list).toMatchObject([{ req_count: 7 }])
  })

  test('a day is kept', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    let now = START
    await using gateways = sinkOf(sluice, { now: () => now })
    await gateways.receive([sevenCalls(sluice, api), sevenCalls(sluice, api, MINUTE - 60)])
    const minutes = async () =>
      (await sluice.store.read((db) => db.selectFrom('statistics').select('minute').execute())).map((row) => row.minute)

    now = (MINUTE + 86_400) * 1_000
    await gateways.sink.prune()
    expect(await minutes()).toEqual([MINUTE])
    now += 60_000
    await gateways.sink.prune()
    expect(await minutes()).toEqual([])
    expect(await sluice.store.read((db) => db.selectFrom('statistics_reports').selectAll().execute())).toEqual([])
  })
})
