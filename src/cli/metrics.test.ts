/** Figures of a whole Sluice, as a reader of /metrics sees them, and what statistics are after an end. */
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { startSluice, until, type Reply, type Running } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
const PATIENCE = 90_000
const CALLS = 20

/** Samples of one metric, with their labels. */
async function samples(running: Running, name: string): Promise<(readonly [Record<string, string>, number])[]> {
  const page = await (await fetch(new URL('/metrics', running.management))).text()
  return page.split('\n').flatMap((line) => {
    const [, metric, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (metric !== name) return []
    return [
      [
        Object.fromEntries(Array.from(labels.matchAll(/(\w+)="(.*?)"/g), ([, key, text]) => [key, text])),
        Number(value),
      ],
    ]
  })
}

const sum = (found: readonly (readonly [unknown, number])[]): number => found.reduce((all, [, value]) => all + value, 0)

function created({ status, body }: Reply): { readonly id: string } {
  expect({ status, body }).toMatchObject({ status: 201 })
  return body as { readonly id: string }
}

test(
  'all processes are told of, all their requests are one figure, and minutes outlive control and a restart',
  async () => {
    await using first = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
    const group = created(await first.call('POST', 'api-groups', { name: 'measured' }))
    const api = created(await first.call('POST', 'apis', mockApi(group.id, { req_uri: '/orders' })))
    created(await first.call('POST', 'apis/action', { action: 'online', env_id: RELEASE, api_id: api.id }))
    const host = `${group.id}.apic.localhost`
    await until(async () => ((await first.get(host, '/orders')).status === 200 ? true : undefined))
    await Promise.all(Array.from({ length: CALLS }, () => first.get(host, '/orders')))

    const requests = async () =>
      (await samples(first, 'apig_requests_total')).filter(
        ([{ api_id, status_class }]) => api_id === api.id && status_class === '2xx',
      )
    await expect.poll(async () => sum(await requests()), { timeout: 20_000 }).toBe(CALLS + 1)
    const [[labels] = []] = await requests()
    expect(labels).toMatchObject({ group_id: group.id, env_id: RELEASE, status_class: '2xx' })
    expect(sum((await samples(first, 'apig_latency_ms_count')).filter(([{ api_id }]) => api_id === api.id))).toBe(
      CALLS + 1,
    )
    await expect
      .poll(
        async () =>
          (await samples(first, 'process_cpu_seconds_total')).map(([{ role, worker }]) => `${role} ${worker}`),
        {
          timeout: 20_000,
        },
      )
      .toEqual(['control ', 'gateway 1', 'gateway 2'])
    const revision = sum(await samples(first, 'sluice_published_revision'))
    await expect
      .poll(async () => (await samples(first, 'sluice_gateway_revision')).map(([, value]) => value), {
        timeout: 20_000,
      })
      .toEqual([revision, revision])

    const counted = async (running: Running) => {
      const { body } = await running.call('GET', `statistics/api/latest?api_id=${api.id}&duration=1h`)
      return (body as { list: { req_count: number }[] }).list.reduce((all, { req_count }) => all + req_count, 0)
    }
    expect(await counted(first)).toBe(CALLS + 1)

    process.kill(first.processes().get('control') ?? 0, 'SIGKILL')
    // Gateways keep what they count until control is back, and send it once.
    await first.get(host, '/orders')
    await expect.poll(() => counted(first).catch(() => 0), { timeout: 30_000 }).toBe(CALLS + 2)

    await first.get(host, '/orders')
    first.command.kill('SIGTERM')
    expect(await first.command.ended).toBe(0)
    await using second = await startSluice({}, first.directory)
    expect(await counted(second)).toBe(CALLS + 3)
  },
  PATIENCE,
)

test(
  'where a token is set, only who shows it may read metrics',
  async () => {
    const token = 'a-token-of-sixteen-or-more'
    await using running = await startSluice({ SLUICE_METRICS_TOKEN: token, SLUICE_WORKERS: '1' })
    const read = async (headers: Record<string, string>) =>
      (await fetch(new URL('/metrics', running.management), { headers })).status
    expect(await read({})).toBe(401)
    expect(await read({ Authorization: `Bearer ${token}` })).toBe(200)
  },
  PATIENCE,
)
