/**
 * Features of an instance that decide how callers are known and what backends are told of them, from management to a call
 * and back: each is switched on and off between two calls (features.md §2; authentication.md; policies.md §4).
 */
import { createHash } from 'node:crypto'
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { createIdentify } from '../src/iam/identify.js'
import { createTemporaryKey } from '../src/iam/temporary-keys.js'
import { tokenHash } from '../src/iam/token-hash.js'
import { signRequest, type SigningKey } from '../src/signing/sign.js'
import { insertToken } from '../src/store/iam.js'
import { httpApi, mockApi } from './definitions.js'
import { engines, type TestEngine } from './engines.js'
import { functionsFolder, urnOf } from './functions-folder.js'
import { managementWithGateway, type ManagedGateway } from './management-with-gateway.js'
import { signatureBackend } from './signature-backend.js'
import { aGroup, publish, RELEASE } from './stage.js'

type Headers = Readonly<Record<string, string>>

interface Stage extends AsyncDisposable {
  readonly here: ManagedGateway
  readonly host: string
  readonly app: { readonly id: string; readonly app_key: string; readonly app_secret: string }
  /** Switches a feature. */
  readonly set: (name: string, enable: boolean, config?: string | object) => Promise<void>
  /** The status of a call, with the code of an error; `host` instead of the group's domain. */
  readonly call: (path: string, headers?: Headers, host?: string) => Promise<string>
  readonly signed: (path: string, key: SigningKey, headers?: Headers, host?: string) => Promise<string>
  /** A header as the backend got it last. */
  readonly received: (name: string) => unknown
}

const FILES = {
  'default/authorize/index.js': `exports.handler = () => ({
    statusCode: 200, body: JSON.stringify({ status: 'allow', context: { level: 7, trusted: true } }) })`,
}

/** APIs `/app`, `/iam` and `/function`, published, and an app that may call the first. */
async function stage(engine: TestEngine): Promise<Stage> {
  const folder = functionsFolder(FILES)
  const here = await managementWithGateway(engine, {
    functions: { directory: folder.directory, checkEvery: 0 },
    identities: {
      identify: (question) =>
        createIdentify({ store: here.sluice.store, vault: here.sluice.vault, clock: Date.now })(question),
    },
  })
  const { sluice, address, backend } = here
  const groupId = await aGroup(sluice)
  const host = `${groupId}.apic.localhost`
  const backend_api = {
    url_domain: backend.address,
    req_protocol: 'HTTP',
    req_method: 'GET',
    req_uri: '/',
    timeout: 5_000,
  } as const
  const api = async (definition: object): Promise<string> => {
    const { id } = (await sluice.given('createApiV2', { body: definition })) as { id: string }
    await publish(sluice, id)
    return id
  }
  const appApi = await api(httpApi(groupId, { req_uri: '/app', auth_type: 'APP', backend_api }))
  await api(httpApi(groupId, { req_uri: '/iam', auth_type: 'IAM', backend_api }))
  const authorizer = { name: 'auth', type: 'FRONTEND', authorizer_type: 'FUNC', authorizer_uri: urnOf('authorize') }
  const { id } = (await sluice.given('createCustomAuthorizerV2', { body: authorizer })) as { id: string }
  await api(mockApi(groupId, { req_uri: '/function', auth_type: 'AUTHORIZER', authorizer_id: id }))
  const app = (await sluice.given('createAnAppV2', { body: { name: 'caller' } })) as Stage['app']
  await sluice.given('createAuthorizingAppsV2', { body: { env_id: RELEASE, app_ids: [app.id], api_ids: [appApi] } })

  const call: Stage['call'] = async (path, headers = {}, to = host) => {
    await here.settled()
    const reply = await request(`http://${address.host}:${address.port}${path}`, { headers: { ...headers, host: to } })
    const code = /"error_code":"([^"]*)"/.exec(await reply.body.text())?.[1]
    return code === undefined ? String(reply.statusCode) : `${reply.statusCode} ${code}`
  }
  return {
    here,
    host,
    app,
    set: async (name, enable, config) => {
      await sluice.given('createFeatureV2', { body: { name, enable, ...(config !== undefined && { config }) } })
    },
    call,
    signed: (path, key, headers = {}, to = host) =>
      call(path, { ...headers, ...signRequest({ method: 'GET', path, query: '', headers: { Host: to } }, key) }, to),
    received: (name) => backend.requests.at(-1)?.headers[name],
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

const keyOf = ({ app }: Stage): SigningKey => ({ accessKey: app.app_key, secretKey: app.app_secret })
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A token of the first user, for the whole account. */
async function giveToken({ here: { sluice } }: Stage, text: string): Promise<void> {
  const { userId: user_id, domainId: domain_id } = sluice.identities
  const token = { token_hash: tokenHash(text), user_id, domain_id, project_id: null, methods: '["password"]' }
  const times = { issued_at: Date.now(), expires_at: Date.now() + 600_000 }
  await sluice.store.write([], ({ db }) => insertToken(db, { ...token, ...times }))
}

/** What a call is answered while the feature is off, and while it is on. */
interface Case {
  readonly name: string
  readonly config: string | object
  readonly off: string
  readonly on: string
  readonly call: (stage: Stage) => Promise<string>
}

const cases: readonly Case[] = [
  {
    name: 'app_basic',
    config: 'on',
    off: '401 APIG.0303',
    on: '200',
    call: ({ call, app: { app_key, app_secret } }) =>
      call('/app', { Authorization: `Basic ${Buffer.from(`${app_key}:${app_secret}`).toString('base64')}` }),
  },
  {
    name: 'app_secret',
    config: 'on',
    off: '401 APIG.0303',
    on: '200',
    call: ({ call, app }) => call('/app', { 'X-HW-ID': app.app_key, 'X-HW-AppKey': app.app_secret }),
  },
  {
    name: 'app_api_key',
    config: 'on',
    off: '401 APIG.0303',
    on: '200',
    call: ({ call, app }) => call('/app', { apikey: app.app_key }),
  },
  {
    name: 'app_jwt',
    config: { enable: 'on', auth_header: 'X-Digest' },
    off: '401 APIG.0303',
    on: '200',
    call: ({ call, app: { app_key, app_secret } }) => {
      const Timestamp = String(Math.floor(Date.now() / 1000))
      return call('/app', { Timestamp, 'X-Digest': sha256(app_key + app_secret + Timestamp) })
    },
  },
  {
    name: 'ai_api_key',
    config: 'on',
    off: '401 APIG.0303',
    on: '200',
    call: ({ call }) => call('/app', { Authorization: 'Bearer my-ai-key-1' }),
  },
  {
    name: 'custom_auth_header',
    config: { enable: 'on', app_auth_header: 'X-My-Auth', backend_sign_header: '' },
    off: '200',
    on: '401 APIG.0303',
    call: (stage) => stage.signed('/app', keyOf(stage)),
  },
  {
    name: 'app_route',
    config: 'on',
    off: '404 APIG.0101',
    on: '200',
    call: (stage) => stage.signed('/app', keyOf(stage), { 'X-HW-ID': stage.app.app_key }, '127.0.0.1'),
  },
  {
    name: 'authorizer_context_support_num_bool',
    config: 'on',
    off: '500 APIG.0305',
    on: '200',
    call: ({ call }) => call('/function'),
  },
]

describe.each(engines)('features about callers, by management on $name', (engine) => {
  test('features §2: each counts from the next call on, and no longer than it is on', async () => {
    await using here = await stage(engine)
    await here.here.sluice.given('createAiApiKey', {
      path: { app_id: here.app.id },
      body: { ai_api_key: 'my-ai-key-1' },
    })
    for (const { name, config, off, on, call } of cases) {
      const seen = [await call(here)]
      await here.set(name, true, config)
      seen.push(await call(here))
      await here.set(name, false)
      seen.push(await call(here))
      await here.set(name, true, typeof config === 'string' ? 'off' : { ...config, enable: 'off' })
      seen.push(await call(here))
      expect([name, ...seen]).toEqual([name, off, on, off, off])
    }
  })

  test('features.md 6: custom_auth_header: the signature counts in the header that is named', async () => {
    await using here = await stage(engine)
    const { Authorization = '', ...date } = signRequest(
      { method: 'GET', path: '/app', query: '', headers: { Host: here.host } },
      keyOf(here),
    )
    const elsewhere = () => here.call('/app', { ...date, 'X-My-Auth': Authorization, Authorization: 'mine' })
    expect(await elsewhere()).toBe('401 APIG.0303')
    await here.set('custom_auth_header', true, { enable: 'on', app_auth_header: 'X-My-Auth' })
    expect([await elsewhere(), here.received('authorization'), here.received('x-my-auth')]).toEqual([
      '200',
      'mine',
      undefined,
    ])
    expect(await here.call('/app', { ...date, Authorization })).toBe('401 APIG.0303')
  })

  test('authentication.md 9: app_token: tokens are given and taken while it is on', async () => {
    await using here = await stage(engine)
    const { address } = here.here
    const ask = async (path: string) => {
      await here.here.settled()
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: here.app.app_key,
        client_secret: here.app.app_secret,
      }).toString()
      const headers = { host: here.host, 'content-type': 'application/x-www-form-urlencoded' }
      const reply = await request(`http://${address.host}:${address.port}${path}`, { method: 'POST', headers, body })
      const { access_token: token = '' } = (await reply.body.json()) as { access_token?: string }
      return { status: reply.statusCode, token }
    }
    const use = (token: string) => here.call('/app', { Authorization: `Bearer ${token}` })
    expect((await ask('/v1/apigw/oauth2/token')).status).toBe(404)
    await here.set('app_token', true, { enable: 'on', app_token_uri: '/tokens', app_token_key: 'a key of ours' })
    const { token } = await ask('/tokens')
    expect(await use(token)).toBe('200')
    await here.set('app_token', true, { enable: 'on', app_token_uri: '/tokens', app_token_key: 'another key' })
    expect(await use(token)).toBe('400 APIG.2203')
    await here.set('app_token', false)
    expect([(await ask('/tokens')).status, await use(token)]).toEqual([404, '401 APIG.0303'])
  })

  test('features §2: x_hw_security_token: the other header for temporary keys', async () => {
    await using here = await stage(engine)
    const { store, vault, identities } = here.here.sluice
    const { userId, userName, domainId, domainName, projectId } = identities
    const caller = { userId, userName, domainId, domainName, projectId, role: 'full' } as const
    const temporary = await createTemporaryKey(store, vault, { ok: true, caller }, 900, Date.now())
    const inHeader = (name: string) => here.signed('/iam', temporary, { [name]: temporary.securityToken })
    expect([await inHeader('X-Security-Token'), await inHeader('X-HW-Security-Token')]).toEqual([
      '200',
      '401 APIG.0301',
    ])
    await here.set('x_hw_security_token', true, 'on')
    expect([await inHeader('X-Security-Token'), await inHeader('X-HW-Security-Token')]).toEqual(['200', '200'])
    expect(here.received('x-hw-security-token')).toBeUndefined()
    await here.set('x_hw_security_token', true, 'off')
    expect(await inHeader('X-HW-Security-Token')).toBe('401 APIG.0301')
  })

  test('features §2: backend_token_allow: the token of the account sluice goes on while its name matches', async () => {
    await using here = await stage(engine)
    await giveToken(here, 'my-token')
    const forwarded = async () => {
      expect(await here.call('/iam', { 'X-Auth-Token': 'my-token' })).toBe('200')
      return here.received('x-auth-token')
    }
    const allow = (...users: string[]) => here.set('backend_token_allow', true, { backend_token_allow_users: users })
    expect(await forwarded()).toBeUndefined()
    await allow('^other$', '^slu')
    expect(await forwarded()).toBe('my-token')
    await allow('^other$')
    expect(await forwarded()).toBeUndefined()
    await allow('sluice')
    await here.set('backend_token_allow', false)
    expect(await forwarded()).toBeUndefined()
  })

  test('request-lifecycle §1, 16a: a user who is switched off is told so', async () => {
    await using here = await stage(engine)
    const { store, identities } = here.here.sluice
    await giveToken(here, 'first')
    await giveToken(here, 'second')
    const { accessKey, secretKey, userId } = identities
    expect(await here.call('/iam', { 'X-Auth-Token': 'first' })).toBe('200')
    await store.write([], ({ db }) =>
      db.updateTable('iam_users').set({ enabled: 0 }).where('id', '=', userId).execute(),
    )
    expect(await here.call('/iam', { 'X-Auth-Token': 'second' })).toBe('403 APIG.0802')
    expect(await here.signed('/iam', { accessKey, secretKey })).toBe('403 APIG.0802')
    expect(await here.signed('/iam', { accessKey, secretKey: 'another' })).toBe('401 APIG.0301')
  })

  test('policies.md 8: public_key: made, bound, fetched by name, and verified by another program', async () => {
    await using here = await stage(engine)
    const { sluice, address } = here.here
    const at = `http://${address.host}:${address.port}`
    const body = { name: 'sign_demo', sign_type: 'public_key' }
    expect((await sluice.call('createSignatureKeyV2', { body })).body).toMatchObject({ error_code: 'APIG.3548' })
    await here.set('public_key', true, { enable: 'on', public_key_uri_prefix: '/public-keys/' })
    const pair = (await sluice.given('createSignatureKeyV2', { body: { ...body, name: 'pair' } })) as {
      sign_secret: string
    }
    const named = { ...body, sign_key: 'my-gateway/key+1', sign_secret: pair.sign_secret }
    const sign = (await sluice.given('createSignatureKeyV2', { body: named })) as { id: string; sign_key: string }
    const verifier = await signatureBackend({
      type: 'public_key',
      key: sign.sign_key,
      secret: '',
      url: `${at}/public-keys/`,
      headers: { host: here.host },
    })
    const { host } = here
    const groupId = host.slice(0, host.indexOf('.'))
    const definition = httpApi(groupId, {
      req_uri: '/verified',
      backend_api: {
        url_domain: verifier,
        req_protocol: 'HTTP',
        req_method: 'GET',
        req_uri: '/v1/verified',
        timeout: 20_000,
      },
    })
    const api = (await sluice.given('createApiV2', { body: definition })) as { id: string }
    const publication = await publish(sluice, api.id)
    const verdict = async () => {
      await here.here.settled()
      const reply = await request(`${at}/verified?b=2&a=%C3%A4`, { headers: { host } })
      const { verdict, error_code } = (await reply.body.json()) as { verdict?: string; error_code?: string }
      return error_code ?? verdict
    }
    expect([await verdict(), await here.call('/public-keys/my-gateway/key+1')]).not.toContain('ok')
    const binding = { sign_id: sign.id, publish_ids: [publication] }
    await sluice.given('associateSignatureKeyV2', { body: binding })
    expect([await verdict(), await here.call('/public-keys/my-gateway/key+1')]).toEqual(['ok', '200'])
    expect(await here.call('/public-keys/my-gateway')).toBe('400 APIG.2102')

    await here.set('public_key', false)
    expect([await verdict(), await here.call('/public-keys/my-gateway/key+1')]).toEqual(['APIG.0705', '404 APIG.0101'])
  })
})
