import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apiServer, endpointSlice, pod, service, type ApiServer } from '../../../test/kubernetes.js'
import { listener } from '../../../test/registries.js'
import { RegistryError } from '../registry.js'
import { ApiClient, clusterAround } from './api-client.js'
import { endpointSliceOf, eventOf, pageOf, podOf, serviceOf, statusOf } from './objects.js'
import { followService } from './service.js'
import { followWorkload, type WorkloadTarget } from './workload.js'

const PACE = { firstDelay: 5, longestDelay: 40 }

const deployment: WorkloadTarget = {
  kind: 'workload',
  namespace: 'shop',
  workloadType: 'deployment',
  label: 'app',
  value: 'orders',
}

function followPods(server: ApiServer, target: Partial<WorkloadTarget> = {}) {
  const told = listener()
  const following = followWorkload(new ApiClient(server.access), { ...deployment, ...target }, told, PACE)
  return { ...told.view, [Symbol.asyncDispose]: () => following.stop() }
}

const isList = (path: string) => !path.includes('watch=1')

test('pods of a workload, from the list and as they change', async () => {
  await using server = await apiServer()
  server.put(
    pod('orders-1', { address: '10.0.0.1', labels: { app: 'orders', version: 'v1' } }),
    pod('other-1', { address: '10.0.0.9', labels: { app: 'other' } }),
    pod('orders-1', { address: '10.9.0.1', namespace: 'elsewhere' }),
  )
  await using told = followPods(server)
  await told.hosts('10.0.0.1')
  expect(told.instances()).toEqual([
    {
      ...{ name: 'orders-1', host: '10.0.0.1', port: 0 },
      labels: { app: 'orders', version: 'v1', 'pod-template-hash': '7d9c5b8f6b' },
    },
  ])

  server.put(pod('orders-2', { address: '10.0.0.2' }))
  await told.hosts('10.0.0.1 10.0.0.2')
  server.put(pod('orders-2', { address: '10.0.0.2', ready: false }))
  await told.hosts('10.0.0.1')
  server.put(pod('orders-2', { address: '10.0.0.22' }))
  await told.hosts('10.0.0.1 10.0.0.22')
  server.put(pod('orders-1', { address: '10.0.0.1', isEnding: true }))
  await told.hosts('10.0.0.22')
  // To who watches by a label, a pod that loses it is deleted.
  server.put(pod('orders-2', { address: '10.0.0.22', labels: { app: 'other' } }))
  await told.hosts('')
  expect(server.requests.filter(isList)).toEqual(['/api/v1/namespaces/shop/pods?labelSelector=app%3Dorders&limit=500'])
  expect(server.requests.at(-1)).toMatch(
    /^\/api\/v1\/namespaces\/shop\/pods\?labelSelector=app%3Dorders&allowWatchBookmarks=true&resourceVersion=48220&timeoutSeconds=\d{3}&watch=1$/,
  )
})

test.each([
  ['deployment', 'ReplicaSet'],
  ['statefulset', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
] as const)('pods of a %s are those of a %s, running, ready and with an address', async (workloadType, owner) => {
  await using server = await apiServer()
  const owners = ['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job']
  owners.forEach((one, index) => server.put(pod(`orders-${index}`, { address: `10.0.0.${index}`, owner: one })))
  server.put(
    pod('orders-pending', { owner, phase: 'Pending', address: '10.0.1.1' }),
    pod('orders-done', { owner, phase: 'Succeeded', address: '10.0.1.2' }),
    pod('orders-nowhere', { owner, address: '' }),
    pod('orders-unready', { owner, ready: false, address: '10.0.1.3' }),
  )
  await using told = followPods(server, { workloadType })
  await told.hosts(`10.0.0.${owners.indexOf(owner)}`)
})

test('long lists come in pages', async () => {
  await using server = await apiServer({ pageSize: 2 })
  for (const index of [1, 2, 3, 4, 5]) server.put(pod(`orders-${index}`, { address: `10.0.0.${index}` }))
  await using told = followPods(server)
  await told.hosts('10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5')
  expect(server.requests.filter(isList)).toHaveLength(3)
  server.put(pod('orders-6', { address: '10.0.0.6' }))
  await told.hosts('10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6')
})

test('a stream that ends or breaks is taken up where it was, by the last bookmark too', async () => {
  await using server = await apiServer()
  server.put(pod('orders-1', { address: '10.0.0.1' }))
  await using told = followPods(server)
  await told.hosts('10.0.0.1')
  await expect.poll(() => server.streams).toBe(1)
  for (const how of ['in order', 'broken'] as const) {
    // What the selector leaves out moves the version: without the bookmark the client's would be forgotten.
    if (how === 'in order') {
      server.forget()
      server.bookmark()
    }
    const { length } = server.requests
    server.endStreams(how)
    server.put(pod('orders-2', { address: `10.0.0.${how.length}` }))
    await told.hosts(`10.0.0.1 10.0.0.${how.length}`)
    await expect.poll(() => server.streams).toBe(1)
    expect(server.requests.slice(length).filter(isList)).toEqual([])
  }
  expect(told.failures()).toEqual([])
})

test('a server that ends each stream after a word is not asked without a pause', async () => {
  await using server = await apiServer({ endsStreams: true })
  const told = listener()
  const begun = performance.now()
  const following = followWorkload(new ApiClient(server.access), deployment, told, { ...PACE, firstDelay: 300 })
  await expect.poll(() => server.requests.length, { timeout: 10_000, interval: 10 }).toBeGreaterThanOrEqual(4)
  expect(performance.now() - begun).toBeGreaterThan(590)
  await following.stop()
  expect(told.view.failures()).toEqual([])
})

test('a version that is forgotten is listed anew, without a word', async () => {
  await using server = await apiServer()
  server.put(pod('orders-1', { address: '10.0.0.1' }), pod('orders-2', { address: '10.0.0.2' }))
  await using told = followPods(server)
  await told.hosts('10.0.0.1 10.0.0.2')
  await expect.poll(() => server.streams).toBe(1)
  server.endStreams('broken')
  server.remove(pod('orders-1'))
  server.forget()
  await told.hosts('10.0.0.2')
  expect(server.requests.filter(isList)).toHaveLength(2)
  expect(told.failures()).toEqual([])
})

test('a server that is away or refuses is told of, asked again and again, and believed when it is back', async () => {
  await using server = await apiServer()
  server.put(pod('orders-1', { address: '10.0.0.1' }))
  server.refuse(403)
  await using told = followPods(server)
  const forbidden =
    'the API server answers 403: pods is forbidden: User "system:serviceaccount:edge:sluice" cannot list resource "pods" in API group ""'
  await expect.poll(() => told.failures().at(-1)).toBe(forbidden)
  expect(told.instances()).toBeUndefined()
  server.refuse(undefined)
  await told.hosts('10.0.0.1')

  await expect.poll(() => server.streams).toBe(1)
  server.refuse(500)
  server.endStreams()
  await expect.poll(() => told.failures().at(-1)).toBe('the API server answers 500: etcdserver: request timed out')
  server.put(pod('orders-2', { address: '10.0.0.2' }))
  const asked = server.requests.length
  await expect.poll(() => server.requests.length).toBeGreaterThan(asked + 1)
  server.refuse(undefined)
  await told.hosts('10.0.0.1 10.0.0.2')
})

test.each([
  ['what is no JSON', '{"type":"ADDED","object":{\n', 'the answer is not JSON'],
  ['an unknown event', '{"type":"MOVED","object":{}}\n', 'the answer is no event'],
  [
    'a pod without a name',
    '{"type":"ADDED","object":{"kind":"Pod","metadata":{"resourceVersion":"1"}}}\n',
    'the answer is no pod',
  ],
  ['an endless line', `"${'x'.repeat(5 * 1024 * 1024)}`, 'a line has more than 4194304 bytes'],
])('a stream with %s is told of, and everything is asked for anew', async (_, bytes, reason) => {
  await using server = await apiServer()
  server.put(pod('orders-1', { address: '10.0.0.1' }))
  await using told = followPods(server)
  await told.hosts('10.0.0.1')
  await expect.poll(() => server.streams).toBe(1)
  server.babble(bytes)
  await expect.poll(() => told.failures().at(-1)).toContain(reason)
  server.put(pod('orders-2', { address: '10.0.0.2' }))
  await told.hosts('10.0.0.1 10.0.0.2')
  expect(server.requests.filter(isList).length).toBeGreaterThan(1)
})

test('the token is that of the file as it is now; the certificate is verified', async () => {
  await using server = await apiServer()
  server.put(pod('orders-1', { address: '10.0.0.1' }))
  await using told = followPods(server)
  await told.hosts('10.0.0.1')
  await expect.poll(() => server.streams).toBe(1)
  server.replaceToken('eyJhbGciOiJSUzI1NiJ9.e30.second')
  server.endStreams()
  server.put(pod('orders-2', { address: '10.0.0.2' }))
  await told.hosts('10.0.0.1 10.0.0.2')
  expect(told.failures()).toEqual([])

  await using stranger = await apiServer()
  const mistaken = { ...server, access: { ...stranger.access, caFile: server.access.caFile } }
  await using refused = followPods(mistaken)
  await expect.poll(() => refused.failures().at(-1)).toMatch(/certificate|signature|issuer/)
  expect(stranger.requests).toEqual([])
})

test('endpoints of a service: what is ready, at the ports that the service leads to', async () => {
  await using server = await apiServer()
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'dns', port: 80, targetPort: 53, protocol: 'UDP' },
    { name: 'admin', port: 9000, targetPort: 9090 },
  ]
  server.put(
    service('orders', ports),
    endpointSlice('orders-abc12', 'orders', ports, [
      { address: '10.0.0.1', pod: 'orders-1' },
      { address: '10.0.0.2', ready: false },
      { address: '10.0.0.3', ready: null },
    ]),
    endpointSlice('orders-six66', 'orders', ports, [{ address: 'fd00::1' }], { addressType: 'IPv6' }),
    endpointSlice('orders-name1', 'orders', ports, [{ address: 'orders.example' }], { addressType: 'FQDN' }),
    endpointSlice('orders-empty', 'orders', ports, []),
    endpointSlice('other-abc12', 'other', ports, [{ address: '10.0.0.9' }]),
  )
  const told = listener()
  const target = { kind: 'service', namespace: 'shop', service: 'orders' } as const
  const following = followService(new ApiClient(server.access), target, told, PACE)
  try {
    const { hosts, instances } = told.view
    await hosts('10.0.0.1 10.0.0.3 fd00::1')
    const both = new Map([
      [80, 8080],
      [9000, 9090],
    ])
    expect(instances()?.[0]).toEqual({ name: 'orders-1', host: '10.0.0.1', port: 0, ports: both })

    server.put(endpointSlice('orders-abc12', 'orders', ports, [{ address: '10.0.0.2' }]))
    await hosts('10.0.0.2 fd00::1')
    // The only port is what it is called by any number.
    const [http = { port: 80, targetPort: 8080 }] = ports
    server.put(service('orders', [http]))
    await expect.poll(() => instances()?.[0]?.ports?.get(0)).toBe(8080)
    server.remove(service('orders', ports))
    await hosts('')
  } finally {
    await following.stop()
  }
})

test('what is stopped asks nothing and says nothing any more', async () => {
  await using server = await apiServer()
  const told = listener()
  const following = followWorkload(new ApiClient(server.access), deployment, told, PACE)
  await expect.poll(() => server.streams).toBe(1)
  const calls = told.view.calls()
  await following.stop()
  await expect.poll(() => server.streams).toBe(0)
  server.put(pod('orders-1'))
  expect(told.view.calls()).toBe(calls)
})

test('the cluster around this process is known by its variables and the account of its pod', async () => {
  await using server = await apiServer()
  const account = server.access.tokenFile.replace(/\/token$/, '')
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  const files = { tokenFile: `${account}/token`, caFile: `${account}/ca.crt` }
  expect(clusterAround(environment, account)).toEqual({ url: 'https://10.96.0.1:443', ...files })
  const six = { ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' }
  expect(clusterAround(six, account)?.url).toBe('https://[fd00::1]:443')
  expect(clusterAround({}, account)).toBeUndefined()
  expect(clusterAround(environment, `${account}/nothing`)).toBeUndefined()
})

test('objects of any shape are read, or refused as what they are', () => {
  const reads = [podOf, serviceOf, endpointSliceOf, pageOf, eventOf]
  const shapes = [
    pod('p'),
    service('s', [{ port: 1, targetPort: 2 }]),
    endpointSlice('e', 's', [{ port: 1, targetPort: 2 }], [{ address: '10.0.0.1' }]),
  ]
  // A real object of which one member, wherever it is, is something else.
  const spoiled = fc.tuple(fc.constantFrom(...shapes), fc.nat(), fc.jsonValue()).map(([shape, at, other]) => {
    const copy = structuredClone({ ...shape, metadata: { ...shape.metadata, resourceVersion: '7' } }) as unknown
    const places: [Record<string, unknown>, string][] = []
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const name of Object.keys(value)) {
        places.push([value as Record<string, unknown>, name])
        visit((value as Record<string, unknown>)[name])
      }
    }
    visit(copy)
    const [holder, name] = places[at % places.length] ?? [{}, '']
    holder[name] = other
    return copy
  })
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), spoiled), (value) => {
      statusOf(value)
      for (const read of reads)
        try {
          read(value)
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError)
        }
    }),
    { numRuns: 500 },
  )
})
