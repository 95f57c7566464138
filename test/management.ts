/**
 * A management server of its own for a test: a fresh database on the given engine, a real socket, signed requests.
 * Every reply is checked against the contract before the test sees it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openVault, type Vault } from '../src/config/vault.js'
import { operations, type OperationId } from '../src/contract/generated/operations.js'
import { checkReply } from '../src/contract/reply-check.js'
import { createAuthenticator } from '../src/iam/authenticate.js'
import { createFirstIdentities, type FirstIdentities } from '../src/iam/first-identities.js'
import { TaskRunner } from '../src/management/async-tasks/runner.js'
import { taskWork } from '../src/management/async-tasks/work.js'
import { provisionInstance } from '../src/management/instances/provision.js'
import type { GatewayAccess, ManagementSettings } from '../src/management/operation.js'
import type { MemberHealth } from '../src/management/vpc-channels/member-health.js'
import type { RegistryStates } from '../src/management/vpc-channels/registry-status.js'
import { signRequest, type SigningKey } from '../src/signing/sign.js'
import { openStore, type Store } from '../src/store/store.js'
import type { TestEngine } from './engines.js'
import { managementServer } from './management-server.js'

export interface Call {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | readonly string[]>>
  /** Sent as JSON; a string or buffer is sent as it is. */
  readonly body?: unknown
  /** Sent as a multipart form instead; the file part is named `file_name`, as clients name it. */
  readonly form?: Readonly<Record<string, string | Uint8Array>>
  /** Another instance than the default one. */
  readonly instanceId?: string
  readonly projectId?: string
  /** Another caller than the first administrator. */
  readonly key?: SigningKey
}

export interface CallReply {
  readonly status: number
  readonly headers: Headers
  /** `undefined` when there is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever it expects to be there
  readonly body: any
}

export interface TestManagement extends AsyncDisposable {
  readonly url: string
  readonly store: Store
  readonly vault: Vault
  readonly identities: FirstIdentities
  readonly projectId: string
  readonly instanceId: string
  readonly tasks: TaskRunner
  /** What should not have happened beside requests. */
  readonly failures: readonly unknown[]
  /** Milliseconds since the epoch; a test moves it by assigning. */
  now: number
  /** A signed request for one operation of the contract. */
  call(id: OperationId, call?: Call): Promise<CallReply>
  /** As `call`, for setting the stage: anything but success is an error of the test. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  given(id: OperationId, call?: Call): Promise<any>
}

export interface ManagementOptions {
  readonly settings?: Partial<ManagementSettings>
  /** Default: nobody there. */
  readonly gateway?: GatewayAccess
  /** Default: nobody reports. */
  readonly memberHealth?: MemberHealth
  /** Default: no registry is followed. */
  readonly registries?: RegistryStates
  /** What the server uses in the place of the store: the store itself, but watched or undone. */
  readonly served?: (store: Store) => Store
}

/** The cheapest digest that scrypt allows: a test's password protects nothing. */
const CHEAP = { N: 16, r: 1, p: 1 }

export async function management(engine: TestEngine, options: ManagementOptions = {}): Promise<TestManagement> {
  const database = await engine.openMigrated()
  const directory = await mkdtemp(join(tmpdir(), 'sluice-management-'))
  const store = await openStore(database.url)
  const vault = openVault(directory)
  const instanceId = '0123456789abcdef0123456789abcdef'
  const startedAt = Date.now()
  const identities = await store.write([], async ({ db, changed }) => {
    const created = await createFirstIdentities(db, vault, { region: 'local-1', now: startedAt, passwordCost: CHEAP })
    await provisionInstance(db, changed, {
      id: instanceId,
      projectId: created.projectId,
      userId: created.userId,
      name: 'sluice-default',
      now: startedAt,
    })
    return created
  })
  const clock = { offset: 0 }
  const now = () => Date.now() + clock.offset
  const settings = {
    region: 'local-1',
    subdomainSuffix: 'apic.localhost',
    ingressAddress: '127.0.0.1',
    featureInterval: 0,
    instanceJobDuration: 0,
    ...options.settings,
  }
  const failures: unknown[] = []
  const tasks = new TaskRunner({
    store,
    vault,
    clock: now,
    settings,
    work: taskWork,
    onError: (error) => failures.push(error),
  })
  const server = await managementServer({
    store: options.served?.(store) ?? store,
    vault,
    authenticate: createAuthenticator({ store, vault, clock: now }),
    clock: now,
    settings,
    services: {
      tasks,
      ...(options.memberHealth && { memberHealth: options.memberHealth }),
      ...(options.registries && { registries: options.registries }),
      gateway: options.gateway ?? { host: '127.0.0.1', httpPort: 1, httpsPort: 1, lend: () => () => undefined },
    },
  })
  const { url } = server
  const key = { accessKey: identities.accessKey, secretKey: identities.secretKey }

  const call = async (id: OperationId, call: Call = {}): Promise<CallReply> => {
    const path = pathOf(id, { project_id: identities.projectId, instance_id: instanceId, ...namesOf(call) })
    const content = call.form === undefined ? jsonContent(call.body) : await formContent(call.form)
    const reply = await send(url, operations[id].method, path, queryOf(call.query), content, call.key ?? key)
    const problems = checkReply(id, reply.status, reply.body)
    if (problems.length > 0) throw new Error(`${id} ${reply.status} does not fit the contract: ${problems.join('; ')}`)
    if (!/^[0-9a-f]{32}$/.test(reply.headers.get('x-request-id') ?? '')) throw new Error('no X-Request-Id')
    return reply
  }

  return {
    url,
    store,
    vault,
    identities,
    projectId: identities.projectId,
    instanceId,
    tasks,
    failures,
    get now() {
      return now()
    },
    set now(value: number) {
      clock.offset = value - Date.now()
    },
    call,
    async given(id, about) {
      const reply = await call(id, about)
      if (reply.status >= 300) throw new Error(`${id}: ${reply.status} ${JSON.stringify(reply.body)}`)
      return reply.body as unknown
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await tasks.close()
      await store.close()
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const namesOf = ({ path, instanceId, projectId }: Call): Record<string, string> => ({
  ...path,
  ...(instanceId === undefined ? {} : { instance_id: instanceId }),
  ...(projectId === undefined ? {} : { project_id: projectId }),
})

function pathOf(id: OperationId, names: Readonly<Record<string, string>>): string {
  return operations[id].path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name]
    if (value === undefined) throw new Error(`${id} needs path.${name}`)
    return encodeURIComponent(value)
  })
}

function queryOf(query: Call['query'] = {}): string {
  return Object.entries(query)
    .flatMap(([name, value]) => [value].flat().map((item) => `${name}=${encodeURIComponent(String(item))}`))
    .join('&')
}

interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
}

async function send(
  url: string,
  method: string,
  path: string,
  query: string,
  content: Content | undefined,
  key: SigningKey,
): Promise<CallReply> {
  const headers = {
    Host: new URL(url).host,
    ...(content === undefined ? {} : { 'Content-Type': content.type }),
  }
  const body = content === undefined ? {} : { body: content.bytes }
  const signature = signRequest({ method, path, query, headers, ...body }, key)
  const { Host: _host, ...sent } = headers
  const reply = await fetch(`${url}${path}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: { ...sent, ...signature },
    ...body,
  })
  const text = await reply.text()
  const json = reply.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: reply.status,
    headers: reply.headers,
    body: json ? (JSON.parse(text) as unknown) : text === '' ? undefined : text,
  }
}

function jsonContent(body: unknown): Content | undefined {
  if (body === undefined) return undefined
  const type = 'application/json'
  if (body instanceof Uint8Array) return { bytes: new Uint8Array(body), type }
  return { bytes: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)), type }
}

async function formContent(fields: NonNullable<Call['form']>): Promise<Content> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields))
    if (name === 'file_name') form.append(name, new Blob([new Uint8Array(Buffer.from(value))]), 'api.yaml')
    else form.append(name, String(value))
  const whole = new Response(form)
  return { bytes: new Uint8Array(await whole.arrayBuffer()), type: whole.headers.get('content-type') ?? '' }
}
