/** A whole gateway in this process: configuration, pipeline, engine, and a backend that records. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACCESS_FIELDS, splitAccessLine } from '../src/telemetry/access-line.js'
import { startGateway, type Gateway, type GatewayOptions } from '../src/gateway/worker.js'
import { signRequest } from '../src/signing/sign.js'
import type { Backend } from '../src/snapshot/api-definition.js'
import type { Part, PublicationPart, Update } from '../src/snapshot/parts.js'
import { groupPart, instancePart, publicationPart, reset, type ApiSpec } from './parts.js'
import { recordingBackend, type RecordingBackend } from './recording-backend.js'

export interface GatewaySpec {
  /** One API, or several; in group `g1` of instance `i1` unless they say otherwise. */
  readonly api?: ApiSpec | readonly ApiSpec[]
  /** Further parts. They replace the instance and the group that are there by default. */
  readonly parts?: readonly Part[]
  readonly options?: Partial<GatewayOptions>
}

export interface CallOptions {
  /** Default: the debugging domain of group `g1`. */
  readonly host?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
  /** Loopback address from which the caller connects. */
  readonly from?: string
}

interface SigningOptions extends CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly app?: string
  /** Milliseconds since the epoch. */
  readonly date?: number
}

interface TestReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: string
  json(): unknown
  /** `error_code` of the body. */
  readonly code: string | undefined
}

export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway
  readonly backend: RecordingBackend
  /** What should not have happened. */
  readonly faults: unknown[]
  call(method: string, target: string, options?: CallOptions): Promise<TestReply>
  get(target: string, options?: CallOptions): Promise<TestReply>
  post(target: string, body: string | Buffer, options?: CallOptions): Promise<TestReply>
  /** Headers that sign a call with the key of app `app1`, or of another. */
  sign(method: string, target: string, options?: SigningOptions): Record<string, string>
  signed(method: string, target: string, options?: SigningOptions): Promise<TestReply>
  /** Backend addresses `backend.test` become that of the recording backend. */
  apply(update: Update): void | Promise<void>
  /** Fields of the access log, when all is written. Ends the gateway. */
  log(): Promise<Record<string, string>[]>
}

const HOST = 'g1.apic.test'

export async function gateway(spec: GatewaySpec = {}): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
  const logFile = join(directory, 'access.log')
  const backend = await recordingBackend()
  const faults: unknown[] = []
  const started = await startGateway({
    http: [{ host: '127.0.0.1', port: 0 }],
    accessLog: { destination: logFile },
    region: 'local-1',
    onFault: (fault) => faults.push(fault),
    ...spec.options,
  })
  const port = started.addresses[0]?.port ?? 0

  const apply = (update: Update): void | Promise<void> =>
    started.apply({ ...update, put: update.put.map((part) => atBackend(part, backend.address)) })
  const apis = spec.api === undefined ? [] : 'length' in spec.api ? spec.api : [spec.api]
  await apply(reset(instancePart(), groupPart(), ...apis.map(publicationPart), ...(spec.parts ?? [])))

  const call: TestGateway['call'] = (method, target, options = {}) => send(port, method, target, options)
  return {
    gateway: started,
    backend,
    faults,
    apply,
    call,
    get: (target, options) => call('GET', target, options),
    post: (target, body, options) => call('POST', target, { ...options, body }),
    sign,
    signed: (method, target, options = {}) => {
      const { app: _app, date: _date, ...rest } = options
      return call(method, target, { ...rest, headers: { ...rest.headers, ...sign(method, target, options) } })
    },
    log: async () => {
      await started.drain()
      const lines = readFileSync(logFile, 'latin1').split('\n').slice(0, -1)
      return lines.map((line) => {
        const values = splitAccessLine(line)
        if (values.length !== ACCESS_FIELDS.length) throw new Error(`A line has ${values.length} fields: ${line}`)
        return Object.fromEntries(ACCESS_FIELDS.map((name, index) => [name, values[index] ?? '']))
      })
    },
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true })
    },
  }
}

function sign(method: string, target: string, options: SigningOptions = {}): Record<string, string> {
  const { app = 'app1', date = Date.now(), host = HOST, body } = options
  const [path = '', query = ''] = target.split('?')
  const request = { method, path, query, headers: { Host: host, ...options.headers }, body: Buffer.from(body ?? '') }
  return signRequest(request, { accessKey: `key-of-${app}`, secretKey: `secret-of-${app}` }, date)
}

function send(
  port: number,
  method: string,
  target: string,
  { host, headers, body, from }: CallOptions,
): Promise<TestReply> {
  return new Promise((resolve, reject) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      method,
      path: target,
      agent: false,
      headers: { Host: host ?? HOST, ...headers },
      ...(from === undefined ? {} : { localAddress: from }),
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8')
        const { statusCode: status = 0, headers, rawHeaders } = response
        const code = /"error_code":"([^"]*)"/.exec(text)?.[1]
        resolve({ status, headers, rawHeaders, body: text, code, json: () => JSON.parse(text) as unknown })
      })
    })
    if (body === undefined) sent.end()
    else sent.end(body)
  })
}

function atBackend(part: Part, address: string): Part {
  if (part.kind !== 'publication') return part
  const move = (backend: Backend): Backend =>
    backend.type === 'HTTP' && backend.url_domain === 'backend.test' ? { ...backend, url_domain: address } : backend
  const { definition } = part
  const policies = definition.policies.map((policy) => ({ ...policy, backend: move(policy.backend) }))
  return {
    ...part,
    definition: { ...definition, backend: move(definition.backend), policies },
  } satisfies PublicationPart
}
