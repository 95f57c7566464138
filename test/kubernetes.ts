/**
 * A stand-in for the API server of a cluster, over TLS on loopback: lists in pages, watches in chunks that end anywhere,
 * bookmarks, versions that are forgotten, and refusals, in the words of a real one. Objects are as `kubectl get -o json`
 * shows them, with what nobody here reads.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { certificate } from './certificates.js'

export interface KubernetesObject {
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels?: Readonly<Record<string, string>>
  }
}

export interface ApiServer extends AsyncDisposable {
  /** What Sluice needs to know. */
  readonly access: { readonly url: string; readonly tokenFile: string; readonly caFile: string }
  /** Paths and queries, in their order. */
  readonly requests: readonly string[]
  /** Streams that are open. */
  readonly streams: number
  put(...objects: readonly KubernetesObject[]): void
  remove(object: KubernetesObject): void
  /** Tells all streams how far they are. */
  bookmark(): void
  /** Changes until now are not remembered: who watches from before is told that they are gone. */
  forget(): void
  /** Ends all streams: as time-outs do, or by a broken connection. */
  endStreams(how?: 'in order' | 'broken'): void
  /** What everything is answered with; undefined for as usual. */
  refuse(status: 401 | 403 | 429 | 500 | undefined): void
  /** Bytes that streams are sent as they are. */
  babble(bytes: string): void
  /** The token that is accepted from now on, in its file too. */
  replaceToken(token: string): void
}

interface Change {
  readonly version: number
  readonly before: KubernetesObject | undefined
  readonly after: KubernetesObject | undefined
}

interface Stream {
  readonly reply: ServerResponse
  readonly matches: Matches
}

type Matches = (object: KubernetesObject | undefined) => boolean

const collections: Readonly<Record<string, { readonly kind: string; readonly apiVersion: string }>> = {
  pods: { kind: 'Pod', apiVersion: 'v1' },
  services: { kind: 'Service', apiVersion: 'v1' },
  endpointslices: { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
}

export interface ApiServerOptions {
  readonly pageSize?: number
  /** Each stream ends after its first word. */
  readonly endsStreams?: boolean
}

export async function apiServer({ pageSize = 500, endsStreams = false }: ApiServerOptions = {}): Promise<ApiServer> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-kubernetes-'))
  const authority = certificate({ subject: [['CN', 'kubernetes']], san: [], ca: true })
  const own = certificate({ san: ['localhost'], issuer: authority })
  const access = { tokenFile: join(directory, 'token'), caFile: join(directory, 'ca.crt') }
  writeFileSync(access.caFile, authority.pem)
  let token = ''
  function replaceToken(next: string): void {
    token = next
    writeFileSync(access.tokenFile, `${next}\n`)
  }
  replaceToken('eyJhbGciOiJSUzI1NiJ9.e30.first')

  const objects = new Map<string, KubernetesObject>()
  const streams = new Set<Stream>()
  const requests: string[] = []
  let changes: Change[] = []
  let version = 48_211
  let forgotten = 0
  let refused: number | undefined

  const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.namespace}/${metadata.name}`
  const stamped = (object: KubernetesObject): KubernetesObject => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(version) } as KubernetesObject['metadata'],
  })
  function note(before: KubernetesObject | undefined, after: KubernetesObject | undefined): void {
    const change = { version, before, after }
    changes.push(change)
    for (const stream of streams) tell(stream, change)
  }
  function tell({ reply, matches }: Stream, { before, after }: Change): void {
    if (matches(after)) line(reply, matches(before) ? 'MODIFIED' : 'ADDED', after)
    else if (matches(before)) line(reply, 'DELETED', before === undefined ? undefined : stamped(before))
  }

  const server = createServer({ cert: own.pem, key: own.keyPem }, (request, reply) => {
    requests.push(request.url ?? '')
    if (refused !== undefined) refuseWith(reply, refused)
    else if (request.headers.authorization !== `Bearer ${token}`) refuseWith(reply, 401)
    else answer(request, reply)
  })
  function answer(request: IncomingMessage, reply: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://localhost')
    const [, namespace = '', collection = ''] = /\/namespaces\/([^/]+)\/([^/]+)$/.exec(pathname) ?? []
    const type = collections[collection]
    if (type === undefined) {
      refuseWith(reply, 404)
      return
    }
    const matches = selector(type.kind, namespace, searchParams)
    if (searchParams.get('watch') === null) list(reply, type, matches, searchParams)
    else watch(reply, matches, Number(searchParams.get('resourceVersion')))
  }
  function list(
    reply: ServerResponse,
    type: { kind: string; apiVersion: string },
    matches: Matches,
    query: URLSearchParams,
  ) {
    const [at = String(version), skip = '0'] = (query.get('continue') ?? '').split('.').filter((part) => part !== '')
    if (Number(at) < forgotten) {
      refuseWith(reply, 410)
      return
    }
    const from = Number(skip)
    const all = [...objects.values()].filter(matches)
    const to = from + Math.min(pageSize, Number(query.get('limit') ?? pageSize))
    const more = to < all.length ? { continue: `${at}.${to}`, remainingItemCount: all.length - to } : {}
    // Items of lists have neither kind nor version of the API.
    const items = all.slice(from, to).map(({ kind: _, ...object }) => object)
    const body = {
      kind: `${type.kind}List`,
      apiVersion: type.apiVersion,
      metadata: { resourceVersion: at, ...more },
      items,
    }
    reply.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
  function watch(reply: ServerResponse, matches: Matches, from: number): void {
    reply.writeHead(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' })
    reply.flushHeaders()
    if (endsStreams) {
      line(reply, 'BOOKMARK', bookmarkObject())
      reply.end()
      return
    }
    if (from < forgotten) {
      line(reply, 'ERROR', statusObject(410, `too old resource version: ${from} (${version})`))
      reply.end()
      return
    }
    const stream = { reply, matches }
    streams.add(stream)
    reply.on('close', () => streams.delete(stream))
    for (const change of changes) if (change.version > from) tell(stream, change)
  }

  const bookmarkObject = () => ({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(version), creationTimestamp: null },
    spec: { containers: null },
    status: {},
  })

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    access: { url: `https://localhost:${port}`, ...access },
    requests,
    get streams() {
      return streams.size
    },
    put(...given) {
      for (const object of given) {
        version += 3
        const after = stamped(object)
        const before = objects.get(keyOf(object))
        objects.set(keyOf(object), after)
        note(before, after)
      }
    },
    remove(object) {
      version += 3
      const before = objects.get(keyOf(object))
      objects.delete(keyOf(object))
      note(before, undefined)
    },
    bookmark() {
      for (const { reply } of streams) line(reply, 'BOOKMARK', bookmarkObject())
    },
    forget() {
      version += 3
      forgotten = version
      changes = []
    },
    endStreams(how = 'in order') {
      for (const { reply } of streams)
        if (how === 'broken') reply.destroy()
        else reply.end()
      streams.clear()
    },
    refuse(status) {
      refused = status
    },
    babble(bytes) {
      for (const { reply } of streams) reply.write(bytes)
    },
    replaceToken,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function selector(kind: string, namespace: string, query: URLSearchParams): Matches {
  const pairs = (text: string | null) => (text ? text.split(',').map((pair) => pair.split('=')) : [])
  const labels = pairs(query.get('labelSelector'))
  const fields = pairs(query.get('fieldSelector'))
  return (object) =>
    object?.kind === kind &&
    object.metadata.namespace === namespace &&
    labels.every(([name = '', value]) => object.metadata.labels?.[name] === value) &&
    fields.every(([name, value]) => name === 'metadata.name' && object.metadata.name === value)
}

/** In two chunks, of which the first ends anywhere. */
function line(reply: ServerResponse, type: string, object: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify({ type, object })}\n`)
  const cut = Math.floor(bytes.length / 3)
  reply.write(bytes.subarray(0, cut))
  reply.write(bytes.subarray(cut))
}

const reasons: Readonly<Record<number, readonly [string, string]>> = {
  401: ['Unauthorized', 'Unauthorized'],
  403: [
    'Forbidden',
    'pods is forbidden: User "system:serviceaccount:edge:sluice" cannot list resource "pods" in API group ""',
  ],
  404: ['NotFound', 'the server could not find the requested resource'],
  410: ['Expired', 'The provided continue parameter is too old to display a consistent list result.'],
  429: ['TooManyRequests', 'too many requests, please try again later'],
  500: ['InternalError', 'etcdserver: request timed out'],
}

function refuseWith(reply: ServerResponse, status: number): void {
  const [reason = '', message = ''] = reasons[status] ?? []
  reply.writeHead(status, { 'Content-Type': 'application/json' })
  reply.end(JSON.stringify({ ...statusObject(status, message), reason }))
}

const statusObject = (code: number, message: string) => ({
  ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
  ...{ message, reason: 'Expired', code },
})

export interface PodSpec {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly address?: string
  readonly phase?: string
  readonly ready?: boolean
  readonly owner?: string
  readonly isEnding?: boolean
}

export function pod(name: string, spec: PodSpec = {}): KubernetesObject {
  const { namespace = 'shop', labels = { app: 'orders' }, address = '10.0.0.1', phase = 'Running' } = spec
  const { ready = true, owner = 'ReplicaSet', isEnding = false } = spec
  const since = '2026-05-11T09:12:44Z'
  return {
    kind: 'Pod',
    metadata: {
      name,
      generateName: name.replace(/[^-]*$/, ''),
      namespace,
      uid: 'a8dfb1f4-6a6f-4a1c-9f6e-5f5d3d0f6d0b',
      creationTimestamp: since,
      ...(isEnding && { deletionTimestamp: '2026-05-11T10:00:00Z', deletionGracePeriodSeconds: 30 }),
      labels: { 'pod-template-hash': '7d9c5b8f6b', ...labels },
      annotations: { 'kubernetes.io/psp': '' },
      ownerReferences: [
        {
          ...{ apiVersion: 'apps/v1', kind: owner, name: 'orders-7d9c5b8f6b' },
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: [{ manager: 'kubelet', operation: 'Update', fieldsV1: { 'f:status': {} }, subresource: 'status' }],
    } as KubernetesObject['metadata'],
    ...{
      spec: { containers: [{ name: 'orders', image: 'orders:1', ports: [{ containerPort: 8080, protocol: 'TCP' }] }] },
      status: {
        phase,
        conditions: [
          { type: 'Initialized', status: 'True', lastProbeTime: null, lastTransitionTime: since },
          { type: 'Ready', status: ready ? 'True' : 'False', lastProbeTime: null, lastTransitionTime: since },
        ],
        hostIP: '192.168.0.10',
        ...(address !== '' && { podIP: address, podIPs: [{ ip: address }] }),
      },
    },
  }
}

interface ServicePort {
  readonly name?: string
  readonly port: number
  readonly targetPort: number
  readonly protocol?: string
}

export function service(name: string, ports: readonly ServicePort[], namespace = 'shop'): KubernetesObject {
  return {
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    ...{
      spec: {
        ports: ports.map((port) => ({ protocol: 'TCP', ...port })),
        selector: { app: name },
        clusterIP: '10.96.12.7',
        type: 'ClusterIP',
      },
      status: { loadBalancer: {} },
    },
  }
}

interface Endpoint {
  readonly address: string
  readonly ready?: boolean | null
  readonly pod?: string
}

/** Without endpoints a real one has `null` in the place of both lists. */
export function endpointSlice(
  name: string,
  ofService: string,
  ports: readonly ServicePort[],
  endpoints: readonly Endpoint[],
  { namespace = 'shop', addressType = 'IPv4' } = {},
): KubernetesObject {
  return {
    kind: 'EndpointSlice',
    metadata: {
      name,
      namespace,
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': ofService,
      },
    },
    ...{
      addressType,
      endpoints:
        endpoints.length === 0
          ? null
          : endpoints.map(({ address, ready = true, pod: target }) => ({
              addresses: [address],
              conditions: ready === null ? {} : { ready, serving: ready, terminating: false },
              ...(target !== undefined && { targetRef: { kind: 'Pod', namespace, name: target } }),
              nodeName: 'node-1',
            })),
      ports:
        endpoints.length === 0
          ? null
          : ports.map(({ name: portName = '', targetPort, protocol = 'TCP' }) => ({
              name: portName,
              port: targetPort,
              protocol,
            })),
    },
  }
}
