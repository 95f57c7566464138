import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { iamServer } from '../../test/iam-server.js'

const DAY = 24 * 60 * 60 * 1000

describe.each(engines)('/v3/auth/tokens on $name', (engine) => {
  test('a password gives a token for a project, in the header alone', async () => {
    await using iam = await iamServer(engine)
    iam.time.now = Date.UTC(2026, 0, 31, 10, 15, 30, 855)

    const reply = await iam.login(undefined, { project: { name: 'test-1' } })

    const domain = { id: iam.admin.domainId, name: 'sluice' }
    expect(reply.status).toBe(201)
    expect(reply.body).toEqual({
      token: {
        issued_at: '2026-01-31T10:15:30.855000Z',
        expires_at: '2026-02-01T10:15:30.855000Z',
        methods: ['password'],
        catalog: [
          expect.objectContaining({ name: 'iam', type: 'identity' }),
          {
            id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
            name: 'apig',
            type: 'apig',
            endpoints: [
              {
                id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
                interface: 'public',
                region: 'test-1',
                region_id: 'test-1',
                url: `http://${iam.host}/v2/${iam.admin.projectId}`,
              },
            ],
          },
        ],
        project: { id: iam.admin.projectId, name: 'test-1', domain },
        user: { id: iam.admin.userId, name: 'admin', password_expires_at: '', domain },
        roles: [
          { id: '0', name: 'te_admin' },
          { id: '1', name: 'apig_adm' },
        ],
      },
    })
    const token = String(reply.headers['x-subject-token'])
    expect(token).toMatch(/^[\w-]{64}$/)
    expect(reply.text).not.toContain(token)
    expect(reply.headers['content-type']).toMatch(/^application\/json/)
    expect(reply.headers['x-iam-trace-id']).toMatch(/^[0-9a-f]{32}$/)
  })

  test('no scope, an empty one or the domain’s: a token for the account, without a project', async () => {
    await using iam = await iamServer(engine)
    for (const scope of [undefined, {}, { domain: {} }, { domain: { name: 'sluice' } }]) {
      const reply = await iam.login(undefined, scope)
      expect(reply.status).toBe(201)
      expect(reply.body['token']).toMatchObject({ domain: { id: iam.admin.domainId, name: 'sluice' } })
      expect(reply.body['token']).not.toHaveProperty('project')
    }
  })

  test('user, domain and project may be named by their ids', async () => {
    await using iam = await iamServer(engine)
    const { userId, domainId, projectId, password } = iam.admin
    const user = { id: userId, password }
    for (const scope of [
      { project: { id: projectId } },
      { project: { name: 'test-1', domain: { id: domainId } } },
      { domain: { id: domainId } },
    ]) {
      const body = { auth: { identity: { methods: ['password'], password: { user } }, scope } }
      expect((await iam.call('/v3/auth/tokens', { method: 'POST', body })).status).toBe(201)
    }
  })

  test('the catalogue can be left out', async () => {
    await using iam = await iamServer(engine)
    const body = {
      auth: {
        identity: { methods: ['password'], password: { user: { id: iam.admin.userId, password: iam.admin.password } } },
      },
    }
    const reply = await iam.call('/v3/auth/tokens?nocatalog=true', { method: 'POST', body })
    expect(reply.status).toBe(201)
    expect(reply.body['token']).not.toHaveProperty('catalog')
  })

  test('wrong password, unknown user, unknown account: one answer, and no token', async () => {
    await using iam = await iamServer(engine)
    const unknownDomain = {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', password: iam.admin.password, domain: { name: 'other' } } },
        },
      },
    }
    for (const reply of [
      await iam.login('wrong'),
      await iam.login(iam.admin.password, undefined, 'nobody'),
      await iam.call('/v3/auth/tokens', { method: 'POST', body: unknownDomain }),
    ]) {
      expect(reply.status).toBe(401)
      expect(reply.body).toEqual({
        error: { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' },
      })
      expect(reply.headers).not.toHaveProperty('x-subject-token')
    }
  })

  test('a disabled user gets no token, and the ones he has are refused', async () => {
    await using iam = await iamServer(engine)
    const token = await iam.token()
    await iam.store.write([], ({ db }) => db.updateTable('iam_users').set({ enabled: 0 }).execute())

    expect((await iam.login()).status).toBe(401)
    expect(await iam.whoami({ headers: { 'x-auth-token': token } })).toEqual({ ok: false, reason: 'invalid' })
    expect(await iam.whoami({ as: iam.admin })).toEqual({ ok: false, reason: 'invalid' })
  })

  test('a scope that is not the user’s: 401', async () => {
    await using iam = await iamServer(engine)
    for (const scope of [
      { project: { id: 'nowhere' } },
      { project: { name: 'nowhere' } },
      { domain: { name: 'nowhere' } },
      { project: { name: 'test-1', domain: { name: 'nowhere' } } },
    ]) {
      const reply = await iam.login(undefined, scope)
      expect(reply.status).toBe(401)
      expect(reply.headers).not.toHaveProperty('x-subject-token')
    }
  })

  test.each([
    ['no JSON', '{'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['nothing', ''],
    ['no identity', { auth: {} }],
  ])('%s: 400 in IAM’s envelope', async (_, body) => {
    await using iam = await iamServer(engine)
    const reply = await iam.call('/v3/auth/tokens', { method: 'POST', body })
    expect(reply.status).toBe(400)
    expect(reply.body['error']).toMatchObject({ code: 400, title: 'Bad Request' })
  })

  test('a token gives another one for another scope, which ends when the first does', async () => {
    await using iam = await iamServer(engine)
    const first = await iam.login()
    iam.time.now += DAY / 2
    const body = {
      auth: {
        identity: { methods: ['token'], token: { id: first.headers['x-subject-token'] } },
        scope: { project: { name: 'test-1' } },
      },
    }
    const second = await iam.call('/v3/auth/tokens', { method: 'POST', body })
    expect(second.status).toBe(201)
    const [one, two] = [first.body['token'], second.body['token']] as { expires_at: string; methods: string[] }[]
    expect(two?.expires_at).toBe(one?.expires_at)
    expect(two?.methods).toEqual(['password', 'token'])

    iam.time.now += DAY / 2
    expect((await iam.call('/v3/auth/tokens', { method: 'POST', body })).status).toBe(401)
  })

  test('agencies do not exist here', async () => {
    await using iam = await iamServer(engine)
    const body = {
      auth: { identity: { methods: ['assume_role'], assume_role: { agency_name: 'a1', domain_name: 'x' } } },
    }
    const reply = await iam.call('/v3/auth/tokens', { method: 'POST', body })
    expect(reply.status).toBe(404)
    expect(reply.body['error']).toMatchObject({ message: 'Could not find agency: a1.' })
  })

  test('a token can be shown and revoked, at once', async () => {
    await using iam = await iamServer(engine)
    const token = await iam.token()
    const headers = { 'x-auth-token': token, 'x-subject-token': token }
    expect(await iam.whoami({ headers })).toMatchObject({ ok: true })

    const shown = await iam.call('/v3/auth/tokens', { headers })
    expect(shown.status).toBe(200)
    expect(shown.headers['x-subject-token']).toBe(token)
    expect(shown.body['token']).toMatchObject({ project: { id: iam.admin.projectId }, methods: ['password'] })

    const gone = await iam.call('/v3/auth/tokens', { method: 'DELETE', headers })
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect(await iam.whoami({ headers })).toEqual({ ok: false, reason: 'invalid' })
  })

  test('a reader sees and revokes only his own tokens; an unknown one is not found', async () => {
    await using iam = await iamServer(engine)
    const foreign = await iam.token()
    const own = String((await iam.login(iam.reader.password, undefined, 'reader')).headers['x-subject-token'])
    for (const method of ['GET', 'DELETE']) {
      const asReader = (subject: string) =>
        iam.call('/v3/auth/tokens', { method, as: iam.reader, headers: { 'x-subject-token': subject } })
      expect((await asReader(foreign)).status).toBe(403)
      expect((await asReader('unknown')).status).toBe(404)
      expect((await iam.call('/v3/auth/tokens', { method, as: iam.reader })).status).toBe(400)
      expect((await asReader(own)).status).toBe(method === 'GET' ? 200 : 204)
    }
  })

  test('a token is stored as its digest, and forgotten long after its end', async () => {
    await using iam = await iamServer(engine)
    const token = await iam.token()
    const stored = () => iam.store.read((db) => db.selectFrom('iam_tokens').selectAll().execute())
    expect(JSON.stringify(await stored())).not.toContain(token)
    iam.time.now += 9 * DAY
    await iam.token()
    expect(await stored()).toHaveLength(1)
  })
})
