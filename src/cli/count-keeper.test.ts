/** Quotas of apps outlive Sluice: authentication.md §3.11, over an orderly end and over a kill. */
import { readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { startSluice, until, type Reply, type Running } from '../../test/sluice.js'
import { signRequest } from '../signing/sign.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

function created({ status, body }: Reply): Readonly<Record<string, string>> {
  expect({ status, body }).toMatchObject({ status: 201 })
  return body as Readonly<Record<string, string>>
}

/** The status of a signed call. */
function call(running: Running, host: string): Promise<number> {
  const headers = { Host: host }
  const key = { accessKey: 'key_of_the_app', secretKey: 'secret_of_the_app' }
  const signed = signRequest({ method: 'GET', path: '/counted', headers }, key)
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(running.http)
    const sent = request({ hostname, port, path: '/counted', headers: { ...headers, ...signed }, agent: false })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.end()
  })
}

async function admitted(running: Running, host: string, calls: number): Promise<number> {
  let count = 0
  for (let i = 0; i < calls; i++) count += Number((await call(running, host)) === 200)
  return count
}

test('a quota of a month goes on where it was after an end, and nearly so after a kill', async () => {
  const first = await startSluice()
  const group = created(await first.call('POST', 'api-groups', { name: 'group' }))
  const definition = mockApi(group['id'] ?? '', { req_uri: '/counted', auth_type: 'APP' })
  const api = created(await first.call('POST', 'apis', definition))
  created(await first.call('POST', 'apis/action', { action: 'online', env_id: RELEASE, api_id: api['id'] }))
  const app = created(
    await first.call('POST', 'apps', { name: 'app', app_key: 'key_of_the_app', app_secret: 'secret_of_the_app' }),
  )
  created(await first.call('POST', 'app-auths', { env_id: RELEASE, app_ids: [app['id']], api_ids: [api['id']] }))
  const quota = created(
    await first.call('POST', 'app-quotas', {
      name: 'monthly',
      call_limits: 300,
      time_unit: 'DAY',
      time_interval: 30,
      reset_time: '2026-01-01 05:05:00',
    }),
  )
  const host = `${group['id']}.apic.localhost`
  await until(async () => ((await call(first, host)) === 200 ? true : undefined), first.command)
  created(await first.call('POST', `app-quotas/${quota['app_quota_id']}/binding-apps`, { app_ids: [app['id']] }))
  // The first call that is counted tells that the quota has arrived.
  const file = join(first.dataDir, 'counts.json')
  const counts = async () => {
    const { counts } = JSON.parse(await readFile(file, 'utf8').catch(() => '{"counts":[]}')) as {
      counts: { key: string; used: number }[]
    }
    return counts.find(({ key }) => key.startsWith('app-quota:'))
  }
  let used = 0
  await until(async () => {
    used += await admitted(first, host, 1)
    return counts()
  }, first.command)
  first.command.kill('SIGTERM')
  await first.command.ended
  const kept = (await counts())?.used ?? 0
  // Calls before the quota arrived are in `used` as well; all that came after it were kept, none twice.
  expect(kept).toBeGreaterThan(0)
  expect(kept).toBeLessThanOrEqual(used)

  const second = await startSluice({}, first.directory)
  expect(await admitted(second, host, 100)).toBe(100)
  await until(async () => (((await counts())?.used ?? 0) >= kept + 100 ? true : undefined), second.command)
  second.command.kill('SIGKILL')
  await second.command.ended

  const third = await startSluice({}, first.directory)
  const rest = await admitted(third, host, 300 - kept - 100 + 1)
  expect(rest).toBeLessThanOrEqual(300 - kept - 100)
  // What the two gateways may have held unused when they were killed.
  expect(rest).toBeGreaterThanOrEqual(300 - kept - 100 - 2 * 64)
  expect(await call(third, host)).toBe(405)
  third.command.kill('SIGTERM')
  await third.command.ended
  await rm(first.directory, { recursive: true, force: true })
}, 120_000)
