/** Kubernetes as an operator sets it up: from the settings to a call, with the account that the page on it describes. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { apiServer, endpointSlice, pod, service } from '../../test/kubernetes.js'
import { recordingBackend } from '../../test/recording-backend.js'
import { startSluice, until, type Reply } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** The cluster role of the page, as a rule of what may be asked: `list pods.`, `watch endpointslices.discovery.k8s.io`. */
function granted(): string[] {
  const page = readFileSync(new URL('../../docs/microservices.md', import.meta.url), 'utf8')
  const role = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text = '']) => parse(text) as { kind?: string; rules?: readonly Rule[] })
    .find(({ kind }) => kind === 'ClusterRole')
  return (role?.rules ?? []).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((one) => verbs.map((verb) => `${verb} ${one}.${group}`))),
  )
}

function asked(request: string): string {
  const { pathname, searchParams } = new URL(request, 'https://localhost')
  const [, group = '', resource = ''] = /^\/(?:api|apis\/([^/]+))\/v1\/namespaces\/[^/]+\/([^/]+)$/.exec(pathname) ?? []
  return `${searchParams.has('watch') ? 'watch' : 'list'} ${resource}.${group}`
}

test('a workload and a service are followed from the settings to a call, and after control was killed', async () => {
  await using server = await apiServer()
  await using backend = await recordingBackend()
  const port = Number(backend.address.split(':')[1])
  const { url, tokenFile, caFile } = server.access
  await using running = await startSluice({
    SLUICE_KUBERNETES_URL: url,
    SLUICE_KUBERNETES_TOKEN_FILE: tokenFile,
    SLUICE_KUBERNETES_CA_FILE: caFile,
    SLUICE_LOG_LEVEL: 'debug',
  })
  const create = async (path: string, body: unknown) => {
    const reply = await running.call('POST', path, body)
    expect(reply).toMatchObject({ status: 201 })
    return reply.body as Record<string, unknown>
  }
  const imported = await create('microservice/import', {
    ...{ group_info: { group_name: 'orders' }, service_type: 'CCE', protocol: 'HTTP', apis: [{ req_uri: '/orders' }] },
    cce_info: { cluster_id: 'any', namespace: 'shop', workload_type: 'statefulset', app_name: 'orders', port },
  })
  const channel = imported['vpc_channel_id'] as string
  const api = (imported['apis'] as { id: string }[])[0]?.id ?? ''
  const { body } = await running.call('GET', `apis/${api}`)
  const update = await running.call('PUT', `apis/${api}`, { ...(body as object), req_protocol: 'BOTH' })
  expect(update.status).toBe(200)
  await create('apis/action', { action: 'online', env_id: RELEASE, api_id: api })
  const info = {
    service_type: 'CCE_SERVICE',
    cce_service_info: { cluster_id: 'c', namespace: 'shop', service_name: 'web' },
  }
  const second = await create('vpc-channels', {
    ...{ name: 'web_channel', port: 80, balance_strategy: 1, member_type: 'ip', type: 3, microservice_info: info },
  })

  const members = async (id: string): Promise<string> => {
    const { body: list } = await running.call('GET', `vpc-channels/${id}/members`)
    return (list as { members: { host: string; port: number }[] }).members
      .map((one) => `${one.host}:${one.port}`)
      .join()
  }
  const call = (): Promise<Reply> => running.get(`${imported['api_group_id'] as string}.apic.localhost`, '/orders')
  const ports = [{ port: 80, targetPort: 8080 }]
  server.put(
    pod('orders-0', { owner: 'StatefulSet', address: '127.0.0.1' }),
    service('web', ports),
    endpointSlice('web-1', 'web', ports, [{ address: '10.0.0.1' }]),
  )
  await until(async () => ((await call()).status === 200 ? true : undefined), running.command)
  await until(async () => ((await members(second['id'] as string)) === '10.0.0.1:8080' ? true : undefined))

  // Control starts anew while the API server is away: gateways call on, and members are there.
  server.refuse(500)
  process.kill(running.processes().get('control') ?? 0, 'SIGKILL')
  const status = async () => {
    const reply = await running.call('GET', `vpc-channels/${channel}`).catch(() => undefined)
    return (reply?.body as { status?: number } | undefined)?.status
  }
  expect((await call()).status).toBe(200)
  await until(async () => ((await status()) === 2 ? true : undefined), running.command)
  expect(await members(channel)).toBe(`127.0.0.1:${port}`)
  expect((await call()).status).toBe(200)
  server.refuse(undefined)
  server.remove(pod('orders-0'))
  await until(async () => ((await members(channel)) === '' ? true : undefined), running.command)
  await until(async () => ((await call()).status === 502 ? true : undefined), running.command)
  expect(await status()).toBe(1)

  expect([...new Set(server.requests.map(asked))].toSorted()).toEqual(granted().toSorted())
}, 90_000)
