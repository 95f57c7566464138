/** Limits of four processes together, in every dimension (policies.md §2): the plug-in, as an operator runs it. */
import { request, Agent } from 'node:http'
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { startSluice, type Reply, type Running } from '../../test/sluice.js'
import { signRequest } from '../signing/sign.js'

const env_id = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
const LIMIT = 400
const CALLS = 600
const rule = { rule_name: 'all', match_regex: '["reqPath","~~","/"]', limit: LIMIT }
const parameters = [{ type: 'path', name: 'reqPath', value: 'reqPath' }]

const dimensions: Readonly<Record<string, object>> = {
  api: { api_limit: LIMIT },
  ip: { ip_limit: LIMIT },
  app: { app_limit: LIMIT },
  user: { user_limit: LIMIT },
  rule: { parameters, rules: [rule] },
}

function created({ status, body }: Reply): Readonly<Record<string, string>> {
  expect({ status, body }).toMatchObject({ status: 201 })
  return body as Readonly<Record<string, string>>
}

/** The status of a signed call, on a connection of its own or a kept one. */
function call(running: Running, agent: Agent, host: string, path: string): Promise<number> {
  const headers = { Host: host }
  const key = { accessKey: 'key_of_the_app', secretKey: 'secret_of_the_app' }
  const signed = signRequest({ method: 'GET', path, headers }, key)
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(running.http)
    const sent = request({ hostname, port, path, headers: { ...headers, ...signed }, agent })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.end()
  })
}

test('four processes admit exactly what a limit says, in each dimension', async () => {
  await using running = await startSluice({ SLUICE_WORKERS: '4' })
  const group = created(await running.call('POST', 'api-groups', { name: 'group' }))['id'] ?? ''
  const app = created(
    await running.call('POST', 'apps', { name: 'app', app_key: 'key_of_the_app', app_secret: 'secret_of_the_app' }),
  )
  for (const [name, content] of Object.entries(dimensions)) {
    const definition = mockApi(group, { req_uri: `/${name}`, auth_type: 'APP' })
    const api_id = created(await running.call('POST', 'apis', definition))['id']
    const online = { action: 'online', env_id, api_id }
    created(await running.call('POST', 'apis/action', online))
    created(await running.call('POST', 'app-auths', { env_id, app_ids: [app['id']], api_ids: [api_id] }))
    const plugin_content = JSON.stringify({ default_interval: 1, default_time_unit: 'day', api_limit: -1, ...content })
    const plugin = { plugin_name: `limit_${name}`, plugin_type: 'rate_limit', plugin_scope: 'global', plugin_content }
    const { plugin_id } = created(await running.call('POST', 'plugins', plugin))
    created(await running.call('POST', `plugins/${plugin_id}/attach`, { env_id, api_ids: [api_id] }))
    // Online anew under another path, where nobody could call it before the plug-in was there.
    const changed = { ...definition, req_uri: `/limited/${name}` }
    expect((await running.call('PUT', `apis/${api_id}`, changed)).status).toBe(200)
    created(await running.call('POST', 'apis/action', online))
  }
  const host = `${group}.apic.localhost`
  const agents = Array.from({ length: 24 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  for (const name of Object.keys(dimensions)) {
    const seen = new Map<number, number>()
    let judged = 0
    await Promise.all(
      agents.map(async (agent) => {
        while (judged < CALLS) {
          const status = await call(running, agent, host, `/limited/${name}`)
          seen.set(status, (seen.get(status) ?? 0) + 1)
          // 404 by a process that does not know the API yet.
          if (status !== 404) judged++
        }
      }),
    )
    expect([name, seen.get(200), judged - (seen.get(429) ?? 0)]).toEqual([name, LIMIT, LIMIT])
  }
  for (const agent of agents) agent.destroy()
}, 120_000)
