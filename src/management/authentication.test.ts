/** Who may call, shown by the whole server: IAM and the management API on one socket. */
import { request } from 'undici'
import { describe, expect, test } from 'vitest'
import { engines, type TestEngine } from '../../test/engines.js'
import { management } from '../../test/management.js'
import { clients, signedBy, type Client, type Message } from '../../test/official-clients.js'

const MINUTE = 60_000
const [anyone = { name: 'none', signed: [], path: 'decoded' }] = clients

async function server(engine: TestEngine) {
  const sluice = await management(engine)
  const { identities, projectId, instanceId } = sluice
  const host = new URL(sluice.url).host
  const instances = `/v2/${projectId}/apigw/instances`

  async function send(method: string, target: string, headers: Readonly<Record<string, string>> = {}, body = '') {
    const bytes = Buffer.from(body, 'latin1')
    const reply = await request(`${sluice.url}${target}`, { method, headers, body: bytes.length === 0 ? null : bytes })
    const text = await reply.body.text()
    // What a test expects of it is what it checks.
    const json = (text === '' ? undefined : JSON.parse(text)) as unknown
    return { status: reply.statusCode, headers: reply.headers, body: json, text }
  }

  const sender = { accessKey: identities.accessKey, secretKey: identities.secretKey, host, projectId, now: sluice.now }
  async function signed(client: Client, message: Message, how: { as?: Partial<typeof sender>; sent?: string } = {}) {
    const { query, headers } = signedBy(client, message, { ...sender, ...how.as })
    const target = query === '' ? message.path : `${message.path}?${query}`
    return send(message.method, target, headers, how.sent ?? message.body)
  }

  const user = { name: identities.userName, password: identities.password, domain: { name: identities.domainName } }
  const login = (scope?: unknown, password = user.password) =>
    send(
      'POST',
      '/v3/auth/tokens',
      { 'content-type': 'application/json' },
      JSON.stringify({
        auth: { identity: { methods: ['password'], password: { user: { ...user, password } } }, scope },
      }),
    )

  return {
    sluice,
    instances,
    apps: `${instances}/${instanceId}/apps`,
    send,
    signed,
    login,
    [Symbol.asyncDispose]: () => sluice[Symbol.asyncDispose](),
  }
}

const refusal = (status: number, code: string) => ({ status, body: { error_code: code } })
const get = (path: string, ...query: [string, string][]): Message => ({ method: 'GET', path, query, body: '' })

describe.each(engines)('credentials on $name', (engine) => {
  test('1: a password gives a token for a project', async () => {
    await using api = await server(engine)

    const { status, headers, body, text } = await api.login({ project: { name: 'local-1' } })

    const token = String(headers['x-subject-token'])
    expect(token).toMatch(/./)
    expect(text).not.toContain(token)
    expect({ status, body }).toMatchObject({
      status: 201,
      body: {
        token: {
          project: { id: api.sluice.projectId },
          catalog: expect.any(Array),
          expires_at: expect.stringMatching(/Z$/),
        },
      },
    })
    const { expires_at } = (body as { token: { expires_at: string } }).token
    expect(Math.abs(Date.parse(expires_at) - api.sluice.now - 24 * 60 * MINUTE)).toBeLessThan(MINUTE)
  })

  test('2: a token for the account has no project', async () => {
    await using api = await server(engine)

    for (const scope of [{ domain: { name: 'sluice' } }, {}]) {
      const { status, body } = await api.login(scope)
      expect(status).toBe(201)
      expect((body as { token: object }).token).not.toHaveProperty('project')
    }
  })

  test('3: a wrong password gives none', async () => {
    await using api = await server(engine)

    const { status, headers, body } = await api.login({ project: { name: 'local-1' } }, 'wrong')

    expect(status).toBe(401)
    expect(body).toMatchObject({ error: { code: 401 } })
    expect(headers).not.toHaveProperty('x-subject-token')
  })

  test('4, 5: a token opens both planes; none, a corrupt and an expired one are told apart by each', async () => {
    await using api = await server(engine)
    const { headers } = await api.login({ project: { name: 'local-1' } })
    const token = { 'x-auth-token': String(headers['x-subject-token']) }

    expect(await api.send('GET', api.instances, token)).toMatchObject({
      status: 200,
      body: { total: 1, size: 1, instances: [{ id: api.sluice.instanceId }] },
    })
    expect((await api.send('GET', api.apps, token)).status).toBe(200)

    const corrupt = { 'x-auth-token': token['x-auth-token'].slice(1) }
    for (const [target, codes] of [
      [api.instances, ['APIC.7100', 'APIC.7102', 'APIC.7101']],
      [api.apps, ['APIG.1000', 'APIG.1002', 'APIG.1001']],
    ] as const) {
      expect(await api.send('GET', target)).toMatchObject(refusal(401, codes[0]))
      expect(await api.send('GET', target, corrupt)).toMatchObject(refusal(401, codes[1]))
    }
    api.sluice.now += 25 * 60 * MINUTE
    expect(await api.send('GET', api.instances, token)).toMatchObject(refusal(401, 'APIC.7101'))
    expect(await api.send('GET', api.apps, token)).toMatchObject(refusal(401, 'APIG.1001'))
  })

  test('6: a query with a blank, signed as every official client does', async () => {
    await using api = await server(engine)

    for (const client of clients)
      expect([client.name, (await api.signed(client, get(api.apps, ['name', 'a b'], ['limit', '5']))).status]).toEqual([
        client.name,
        200,
      ])
  })

  test('7: a body that ends in LF and has < and > in it, and the same with one byte changed', async () => {
    await using api = await server(engine)

    for (const [index, client] of clients.entries()) {
      const body = `{"name":"app_${index}","remark":"a&b"}\n`
      const create = { method: 'POST', path: api.apps, query: [], body }
      const changed = body.replace('a&b', 'a&c')
      expect(await api.signed(client, create, { sent: changed })).toMatchObject(refusal(401, 'APIG.1002'))
      expect(await api.signed(client, create)).toMatchObject({ status: 201, body: { remark: 'a&b' } })
    }
    const markup = { method: 'POST', path: api.apps, query: [], body: '{"name":"app_x","remark":"<b>"}\n' }
    expect((await api.signed(anyone, markup)).status).not.toBe(401)
  })

  test('8: a GET whose body is {}', async () => {
    await using api = await server(engine)

    for (const client of clients)
      expect((await api.signed(client, { ...get(api.apps), body: '{}' })).status, client.name).toBe(200)
  })

  test('9: a temporary key, its security token and the project unsigned', async () => {
    await using api = await server(engine)
    const made = await api.signed(anyone, {
      method: 'POST',
      path: '/v3.0/OS-CREDENTIAL/securitytokens',
      query: [],
      body: '{"auth":{"identity":{"methods":["token"],"token":{"duration_seconds":900}}}}',
    })
    const { access, secret, securitytoken } = (made.body as { credential: Record<string, string> }).credential
    const as = { accessKey: access ?? '', secretKey: secret ?? '' }
    const client = { name: 'golangsdk', signed: ['x-sdk-date'], path: 'decoded' } as const

    const withToken = { ...client, later: { 'x-security-token': securitytoken ?? '' } }
    expect((await api.signed(withToken, get(api.apps), { as })).status).toBe(200)
    expect(await api.signed(client, get(api.apps), { as })).toMatchObject(refusal(401, 'APIG.1002'))
  })

  test('10: signed 14 minutes ago, and 16', async () => {
    await using api = await server(engine)
    const signedAgo = (minutes: number, path: string) =>
      api.signed(anyone, get(path), { as: { now: api.sluice.now - minutes * MINUTE } })

    expect((await signedAgo(14, api.apps)).status).toBe(200)
    expect(await signedAgo(16, api.apps)).toMatchObject(refusal(401, 'APIG.1002'))
    expect(await signedAgo(16, api.instances)).toMatchObject(refusal(401, 'APIC.7102'))
  })

  test('11: an upload that is not hashed is read for its form, not refused for its signature', async () => {
    await using api = await server(engine)
    const upload = {
      method: 'POST',
      path: api.apps.replace(/apps$/, 'openapi/import'),
      query: [],
      body: '--x\r\nContent-Disposition: form-data; name="is_create_group"\r\n\r\ntrue\r\n--x--\r\n',
      headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD', 'content-type': 'multipart/form-data; boundary=x' },
    }

    const { status, body } = await api.signed(anyone, upload)

    expect(status).toBe(400)
    expect(body).toMatchObject({ error_code: expect.stringMatching(/^APIG\.(2001|2012|3609)$/) })
  })

  test('12: the project of the region, and the account', async () => {
    await using api = await server(engine)

    expect(await api.signed(anyone, get('/v3/projects', ['name', 'local-1']))).toMatchObject({
      status: 200,
      body: { projects: [{ id: api.sluice.projectId, name: 'local-1' }], links: { next: null } },
    })
    expect(await api.signed(anyone, get('/v3/projects', ['name', 'elsewhere']))).toMatchObject({
      status: 200,
      body: { projects: [], links: { next: null } },
    })
    expect(await api.signed(anyone, get('/v3/auth/domains'))).toMatchObject({
      status: 200,
      body: { domains: [{ id: api.sluice.identities.domainId }], links: { next: null } },
    })
  })

  test('14: the project of somebody else', async () => {
    await using api = await server(engine)
    const other = '5f0000000000000000000000000000aa'

    for (const path of [api.apps, api.instances]) {
      const path2 = path.replace(api.sluice.projectId, other)
      expect((await api.signed(anyone, get(path2), { as: { projectId: other } })).status).toBe(403)
    }
  })

  test('15: versions are told to anyone', async () => {
    await using api = await server(engine)

    expect(await api.send('GET', '/')).toMatchObject({ status: 200, body: { versions: { values: [{ id: 'v3.6' }] } } })
    expect(await api.send('GET', '/v3')).toMatchObject({ status: 200, body: { version: { id: 'v3.6' } } })
  })

  test('105: a path that is no operation, and a method that a path has not', async () => {
    await using api = await server(engine)

    expect(await api.signed(anyone, get(`${api.apps}/a/b/c/d`))).toMatchObject(refusal(404, 'APIG.9999'))
    expect(await api.signed(anyone, { ...get(api.apps), method: 'PATCH' })).toMatchObject(refusal(405, 'APIG.9999'))
  })
})
