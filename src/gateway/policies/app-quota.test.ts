/** Quotas of apps: authentication.md §3.11 and check 16 of §9. */
import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { appPart, change, throttlePart } from '../../../test/parts.js'
import { LocalLimiter } from '../../limits/local.js'
import type { AppQuota } from '../../snapshot/parts.js'

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 1, 5, 5)

/** Two a minute from 05:05:20 on, unless told. */
function withQuota(quota: Partial<AppQuota> = {}, id = 'app1') {
  return appPart({
    id,
    authorizations: ['a1/release', 'a2/release'],
    quota: { id: 'q1', limit: 2, windowSeconds: 60, startsAt: START + 20_000, ...quota },
  })
}

async function stage(quota: Partial<AppQuota> = {}, throttles: Parameters<typeof throttlePart>[0][] = []) {
  const clock = { now: START + 30_000 }
  const throttleId = throttles.length > 0 ? { throttleId: 't1' } : {}
  const gw = await gateway({
    api: [
      { id: 'a1', auth_type: 'APP', ...throttleId },
      { id: 'a2', auth_type: 'APP', req_uri: '/two' },
    ],
    parts: [withQuota(quota), ...throttles.map(throttlePart)],
    options: { limiter: new LocalLimiter(() => clock.now) },
  })
  const call = async (path = '/orders', app = 'app1') => {
    const { status, code } = await gw.signed('GET', path, { app })
    return code === undefined ? status : `${status} ${code}`
  }
  return { gw, clock, call }
}

test('authentication.md 16: two a minute: the third is refused', async () => {
  const { gw, call } = await stage()
  await using _ = gw
  expect([await call(), await call(), await call()]).toEqual([200, 200, '405 APIG.0501'])
  expect(gw.backend.requests).toHaveLength(2)
})

test('§3.11: calls of all APIs count together, those of each app for itself', async () => {
  const { gw, call } = await stage()
  await using _ = gw
  await gw.apply(change([withQuota({}, 'app2')]))
  expect([await call('/orders'), await call('/two'), await call('/two')]).toEqual([200, 200, '405 APIG.0501'])
  expect(await call('/two', 'app2')).toBe(200)
})

test('§3.11: windows begin at the reset time, not at the minute', async () => {
  const { gw, clock, call } = await stage()
  await using _ = gw
  await call()
  await call()
  clock.now = START + 20_000 + MINUTE - 1
  expect(await call()).toBe('405 APIG.0501')
  clock.now++
  expect([await call(), await call(), await call()]).toEqual([200, 200, '405 APIG.0501'])
})

test('§3.11: before the reset time nothing is counted', async () => {
  const { gw, call } = await stage({ startsAt: Date.now() + 3_600_000 })
  await using _ = gw
  expect([await call(), await call(), await call()]).toEqual([200, 200, 200])
})

test('§3.11: what is refused for another reason, or by throttling, is not counted', async () => {
  const { gw, clock, call } = await stage({}, [{ apiLimit: 1, interval: 1, unit: 'SECOND' }])
  await using _ = gw
  const wrong = await gw.signed('GET', '/orders', { date: 0 })
  expect(wrong.status).toBe(401)
  expect([await call(), await call(), await call()]).toEqual([200, '429 APIG.0308', '429 APIG.0308'])
  clock.now += 1_000
  expect(await call()).toBe(200)
  clock.now += 1_000
  // And the other way round: a call over the quota takes nothing from the API.
  expect([await call(), await call()]).toEqual(['405 APIG.0501', '405 APIG.0501'])
})

test('a changed limit leaves what was counted, and without a quota nothing is counted', async () => {
  const { gw, call } = await stage()
  await using _ = gw
  await call()
  await gw.apply(change([withQuota({ limit: 3 })]))
  expect([await call(), await call(), await call()]).toEqual([200, 200, '405 APIG.0501'])
  await gw.apply(change([appPart()]))
  expect(await call()).toBe(200)
})

test('telemetry.md 5: a call over the quota is a throttled one in the log', async () => {
  const { gw, call } = await stage({ limit: 1 })
  await using _ = gw
  await call()
  await call()
  const [, refused] = await gw.log()
  expect(refused).toMatchObject({ status: '405', errorType: '1', apig_err_code: 'APIG.0501', app_id: 'app1' })
})
