/**
 * Ten publications a second and gateways that are replaced one after the other, under load: no request fails. A few
 * seconds here, a minute by `npm run storm`.
 */
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { startSluice, until, type Reply, type Running } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
const SECONDS = Number(process.env['SLUICE_STORM_SECONDS'] ?? 4)
/** The long one calls as fast as it can; the short one leaves room for the tests beside it. Milliseconds between calls. */
const PAUSE = SECONDS < 30 ? 20 : 0
const PATHS = ['/storm/1', '/storm/2', '/storm/3', '/storm/4']
/** With kept connections, for each path; one more opens a connection for each call. */
const CLIENTS = SECONDS < 30 ? 1 : 8
/** What an API without a policy admits otherwise is less than full load (policies.md §1.5). */
const UNLIMITED = { name: 'ratelimit', enable: true, config: '{"api_limits":1000000}' }

function created({ status, body }: Reply): string {
  expect({ status, body }).toMatchObject({ status: 201 })
  return (body as { id: string }).id
}

const keptConnection = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 })

const publish = (running: Running, api: string): Promise<Reply> =>
  running.call('POST', 'apis/action', { action: 'online', env_id: RELEASE, api_id: api })

/** One request; its status, or what went wrong. */
function call(base: string, host: string, path: string, agent: Agent | false): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request(new URL(path, base), { headers: { Host: host }, agent })
    sent.on('error', (error) => resolve(String(error)))
    sent.on('response', (response) => {
      response.on('error', (error) => resolve(String(error)))
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.resume()
    })
    sent.end()
  })
}

test(
  'configuration changes ten times a second while gateways are replaced: no request fails',
  async () => {
    await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
    expect((await running.call('POST', 'features', UNLIMITED)).status).toBe(201)
    const group = created(await running.call('POST', 'api-groups', { name: 'storm' }))
    const host = `${group}.apic.localhost`
    const apis: string[] = []
    for (const path of PATHS) {
      const definition = mockApi(group, { req_uri: path, name: path.replaceAll('/', '_').slice(1) })
      apis.push(created(await running.call('POST', 'apis', definition)))
    }
    for (const api of apis) expect((await publish(running, api)).status).toBe(201)
    for (const path of PATHS) {
      // Twenty in a row come from both gateways.
      let served = 0
      await until(async () => {
        served = (await running.get(host, path)).status === 200 ? served + 1 : 0
        return served === 20 ? true : undefined
      }, running.command)
    }

    let going = true
    const outcomes: (number | string)[] = []
    const clients = PATHS.flatMap((path) =>
      [...Array.from({ length: CLIENTS }, keptConnection), false as const].map(async (agent) => {
        while (going) {
          outcomes.push(await call(running.http, host, path, agent))
          await setTimeout(PAUSE)
        }
        if (agent !== false) agent.destroy()
      }),
    )

    const end = performance.now() + SECONDS * 1000
    let published = 0
    const publisher = (async () => {
      while (performance.now() < end) {
        const next = setTimeout(100)
        const reply = await publish(running, apis[published % apis.length] ?? '')
        expect(reply.status).toBe(201)
        published++
        await next
      }
    })()
    let replaced = 0
    const replacer = (async () => {
      while (performance.now() < end) {
        const name = `gateway ${(replaced % 2) + 1}`
        const before = running.processes().get(name) ?? 0
        process.kill(before, 'SIGUSR2')
        await until(() => {
          const serving = running.command.lines().findLast(({ msg }) => msg === `${name} serves`)
          return serving !== undefined && serving['child'] !== before ? true : undefined
        }, running.command)
        replaced++
      }
    })()
    await Promise.all([publisher, replacer])
    going = false
    await Promise.all(clients)

    expect(outcomes.filter((outcome) => outcome !== 200)).toEqual([])
    expect(outcomes.length).toBeGreaterThan(SECONDS * 50)
    expect(published).toBeGreaterThan(SECONDS * 4)
    expect(replaced).toBeGreaterThan(0)
    console.log(`${outcomes.length} requests, ${published} publications, ${replaced} gateways replaced`)
  },
  90_000 + SECONDS * 2000,
)
