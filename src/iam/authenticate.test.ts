import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { iamServer } from '../../test/iam-server.js'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

const refused = (reason: string) => ({ ok: false, reason })

describe.each(engines)('a management call on $name', (engine) => {
  test('with a signature, for any project of the account', async () => {
    await using iam = await iamServer(engine)
    const { userId, domainId, projectId } = iam.admin
    expect(await iam.whoami({ as: iam.admin }, projectId, '?name=a%20b&limit=5&tags=b&tags=a')).toEqual({
      ok: true,
      caller: { userId, userName: 'admin', domainId, domainName: 'sluice', projectId, role: 'full' },
    })
    expect(await iam.whoami({ as: iam.reader })).toMatchObject({ ok: true, caller: { role: 'readonly' } })
    const second = await iam.call('/v3/projects', {
      method: 'POST',
      as: iam.admin,
      body: { project: { name: 'test-2' } },
    })
    const { id } = second.body['project'] as { id: string }
    expect(await iam.whoami({ as: iam.admin }, id)).toMatchObject({ ok: true, caller: { projectId: id } })
  })

  test('with a signature over a body, of GET too', async () => {
    await using iam = await iamServer(engine)
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
      expect(await iam.whoami({ method, as: iam.admin, body: '{}' })).toMatchObject({ ok: true })
    const headers = { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD', 'content-type': 'multipart/form-data; boundary=x' }
    expect(await iam.whoami({ method: 'POST', as: iam.admin, headers, body: '--x--' })).toMatchObject({ ok: true })
  })

  test('without credentials, or with ones that are none', async () => {
    await using iam = await iamServer(engine)
    expect(await iam.whoami({})).toEqual(refused('missing'))
    expect(await iam.whoami({ headers: { 'x-auth-token': '' } })).toEqual(refused('missing'))
    for (const authorization of ['Basic dTpw', 'SDK-HMAC-SHA256 nonsense', 'V11-HMAC-SHA256 Credential=a/b'])
      expect(await iam.whoami({ headers: { authorization } })).toEqual(refused('invalid'))
    expect(await iam.whoami({ as: { accessKey: 'unknown', secretKey: 'x' } })).toEqual(refused('invalid'))
    expect(await iam.whoami({ as: { ...iam.admin, secretKey: 'x' } })).toEqual(refused('invalid'))
  })

  test.each([
    [-15, 'ok'],
    [15, 'ok'],
    [-16, 'invalid'],
    [16, 'invalid'],
  ])('signed %i minutes away from the server’s clock: %s', async (minutes, outcome) => {
    await using iam = await iamServer(engine)
    // A whole second, because the header has no smaller unit.
    iam.time.now = Math.floor(iam.time.now / 1000) * 1000
    const date = new Date(iam.time.now + minutes * MINUTE).toISOString().replace(/[-:]|\.\d+/g, '')
    const result = await iam.whoami({ as: iam.admin, headers: { 'x-sdk-date': date } })
    expect(result).toMatchObject(outcome === 'ok' ? { ok: true } : refused(outcome))
  })

  test('for a project that is not the account’s', async () => {
    await using iam = await iamServer(engine)
    await iam.store.write([], async ({ db }) => {
      await db.insertInto('iam_domains').values({ id: 'd2', name: 'other', created_at: 1 }).execute()
      await db.insertInto('iam_projects').values({ id: 'p2', domain_id: 'd2', name: 'test-1', created_at: 1 }).execute()
    })
    const headers = { 'x-auth-token': await iam.token() }
    for (const project of ['p2', 'unknown']) {
      expect(await iam.whoami({ as: iam.admin }, project)).toEqual(refused('other-project'))
      expect(await iam.whoami({ headers }, project)).toEqual(refused('other-project'))
    }
  })

  test('X-Project-Id must be the project of the path, signed or not', async () => {
    await using iam = await iamServer(engine)
    const named = (id: string) => ({ 'x-project-id': id })
    expect(await iam.whoami({ as: iam.admin, later: named(iam.admin.projectId) })).toMatchObject({ ok: true })
    expect(await iam.whoami({ as: iam.admin, headers: named(iam.admin.projectId) })).toMatchObject({ ok: true })
    expect(await iam.whoami({ as: iam.admin, later: named('another') })).toEqual(refused('other-project'))
  })

  test('with a token for the project, for 24 hours', async () => {
    await using iam = await iamServer(engine)
    const headers = { 'x-auth-token': await iam.token() }
    expect(await iam.whoami({ headers })).toMatchObject({ ok: true, caller: { projectId: iam.admin.projectId } })
    iam.time.now += DAY - 1
    expect(await iam.whoami({ headers })).toMatchObject({ ok: true })
    iam.time.now += 1
    expect(await iam.whoami({ headers })).toEqual(refused('expired'))
    expect(await iam.whoami({ headers: { 'x-auth-token': 'corrupt' } })).toEqual(refused('invalid'))
  })

  test('with a token for the account', async () => {
    await using iam = await iamServer(engine)
    expect(await iam.whoami({ headers: { 'x-auth-token': await iam.token({}) } })).toEqual(refused('no-project'))
  })

  test('with a signature and a token: the signature decides', async () => {
    await using iam = await iamServer(engine)
    const headers = { 'x-auth-token': await iam.token() }
    expect(await iam.whoami({ as: { ...iam.admin, secretKey: 'x' }, headers })).toEqual(refused('invalid'))
    expect(await iam.whoami({ as: iam.reader, headers })).toMatchObject({ ok: true, caller: { userName: 'reader' } })
    expect(await iam.whoami({ headers: { ...headers, authorization: 'Bearer x' } })).toMatchObject({ ok: true })
  })

  test('with a temporary key, only together with its security token, until it ends', async () => {
    await using iam = await iamServer(engine)
    const made = await iam.call('/v3.0/OS-CREDENTIAL/securitytokens', {
      method: 'POST',
      as: iam.reader,
      body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } } },
    })
    expect(made.status).toBe(201)
    const key = made.body['credential'] as Record<'access' | 'secret' | 'securitytoken' | 'expires_at', string>
    expect(key.expires_at).toBe(new Date(iam.time.now + 900_000).toISOString().replace('Z', '000Z'))

    const as = { accessKey: key.access, secretKey: key.secret }
    const later = { 'x-security-token': key.securitytoken }
    expect(await iam.whoami({ as, later })).toMatchObject({
      ok: true,
      caller: { userName: 'reader', role: 'readonly' },
    })
    expect(await iam.whoami({ as, headers: later })).toMatchObject({ ok: true })
    expect(await iam.whoami({ as })).toEqual(refused('invalid'))
    expect(await iam.whoami({ as, later: { 'x-security-token': key.securitytoken + 'x' } })).toEqual(refused('invalid'))
    expect(await iam.whoami({ as: iam.reader, later })).toEqual(refused('invalid'))
    iam.time.now += 900_000
    expect(await iam.whoami({ as, later })).toEqual(refused('expired'))
  })

  test('a key that was deleted is refused within seconds', async () => {
    await using iam = await iamServer(engine)
    expect(await iam.whoami({ as: iam.reader })).toMatchObject({ ok: true })
    await iam.store.write([], ({ db }) =>
      db.deleteFrom('iam_access_keys').where('access_key', '=', iam.reader.accessKey).execute(),
    )
    iam.time.now += 5_000
    expect(await iam.whoami({ as: iam.reader })).toEqual(refused('invalid'))
  })

  test('no secret is stored in clear', async () => {
    await using iam = await iamServer(engine)
    const rows = await iam.store.read(async (db) => [
      await db.selectFrom('iam_users').selectAll().execute(),
      await db.selectFrom('iam_access_keys').selectAll().execute(),
    ])
    const text = JSON.stringify(rows)
    for (const { password, secretKey } of [iam.admin, iam.reader]) {
      expect(text).not.toContain(password)
      expect(text).not.toContain(secretKey)
    }
  })
})
