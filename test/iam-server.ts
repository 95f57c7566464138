import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { request } from 'undici'
import { openVault } from '../src/config/vault.js'
import { createAuthenticator } from '../src/iam/authenticate.js'
import { createFirstIdentities, createUser, type UserCredentials } from '../src/iam/first-identities.js'
import { iamRoutes } from '../src/iam/routes.js'
import { signRequest } from '../src/signing/sign.js'
import { openStore } from '../src/store/store.js'
import type { TestEngine } from './engines.js'

export interface IamCall {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Signs the call with the keys of this user. */
  readonly as?: Pick<UserCredentials, 'accessKey' | 'secretKey'>
  /** Added after signing, as golangsdk does. */
  readonly later?: Readonly<Record<string, string>>
}

/** Enough for tests, and a hundred times cheaper. */
const cheapDigest = { N: 2 ** 8, r: 8, p: 1 }

/**
 * IAM on a real socket and a real database, with a clock that tests set. Beside it, `/v2/{project_id}/whoami` is a
 * management call that answers what its authentication resulted in.
 */
export async function iamServer(engine: TestEngine) {
  const database = await engine.openMigrated()
  const directory = await mkdtemp(join(tmpdir(), 'sluice-iam-'))
  const store = await openStore(database.url)
  const vault = openVault(directory)
  const time = { now: Date.now() }
  const clock = () => time.now
  const admin = await store.write([], ({ db }) =>
    createFirstIdentities(db, vault, { region: 'test-1', now: time.now, passwordCost: cheapDigest }),
  )
  const reader = await store.write([], ({ db }) =>
    createUser(db, vault, {
      domainId: admin.domainId,
      name: 'reader',
      role: 'readonly',
      now: time.now,
      passwordCost: cheapDigest,
    }),
  )

  const authenticate = createAuthenticator({ store, vault, clock })
  const app = Fastify({ genReqId: () => randomBytes(16).toString('hex'), routerOptions: { ignoreTrailingSlash: true } })
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  iamRoutes(app, { store, vault, authenticate, clock, settings: { region: 'test-1' } })
  app.all<{ Params: { project_id: string } }>('/v2/:project_id/whoami', (request) =>
    authenticate(
      {
        method: request.method,
        url: request.raw.url ?? '',
        headers: request.raw.headersDistinct,
        rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      },
      request.params.project_id,
    ),
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
  const host = `127.0.0.1:${(app.server.address() as AddressInfo).port}`

  const call = async (target: string, { method = 'GET', headers = {}, body, as, later = {} }: IamCall = {}) => {
    const [path = '', query = ''] = target.split('?')
    const content = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : toJson(body))
    const sent = { host, 'content-type': 'application/json', ...headers }
    const signature = as && signRequest({ method, path, query, headers: sent, body: content }, as, time.now)
    const reply = await request(`http://${host}${target}`, {
      method,
      headers: { ...sent, ...signature, ...later },
      body: content.length === 0 ? null : content,
    })
    const answer = await reply.body.text()
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: answer,
      // What a test expects of it is what it checks.
      body: (answer === '' ? {} : JSON.parse(answer)) as Record<string, unknown>,
    }
  }

  const passwordBody = (password: string, scope?: unknown, name = 'admin') => ({
    auth: {
      identity: { methods: ['password'], password: { user: { name, password, domain: { name: 'sluice' } } } },
      ...(scope === undefined ? {} : { scope }),
    },
  })

  return {
    admin,
    reader,
    store,
    vault,
    time,
    host,
    call,
    login: (password = admin.password, scope?: unknown, name?: string) =>
      call('/v3/auth/tokens', { method: 'POST', body: passwordBody(password, scope, name) }),
    /** A token for the first project. */
    token: async (scope: unknown = { project: { name: 'test-1' } }) => {
      const reply = await call('/v3/auth/tokens', { method: 'POST', body: passwordBody(admin.password, scope) })
      return String(reply.headers['x-subject-token'])
    },
    /** What a management call on the project resulted in. */
    whoami: async (how: IamCall, projectId = admin.projectId, query = '') =>
      (await call(`/v2/${projectId}/whoami${query}`, how)).body,
    async [Symbol.asyncDispose]() {
      await app.close()
      await store.close()
      await database[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

const toJson = (body: unknown): string => (body === undefined ? '' : JSON.stringify(body))
