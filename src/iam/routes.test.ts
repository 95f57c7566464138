import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { iamServer } from '../../test/iam-server.js'

describe.each(engines)('IAM on $name', (engine) => {
  test('versions are told to anyone', async () => {
    await using iam = await iamServer(engine)
    const version = {
      id: 'v3.6',
      status: 'stable',
      updated: '2016-04-04T00:00:00Z',
      links: [{ rel: 'self', href: `http://${iam.host}/v3/` }],
    }
    const root = await iam.call('/')
    expect(root.status).toBe(200)
    expect(root.body).toMatchObject({ versions: { values: [version] } })
    for (const path of ['/v3', '/v3/']) expect((await iam.call(path)).body).toMatchObject({ version })
  })

  test('the project of a region is exactly one, the project of another name none', async () => {
    await using iam = await iamServer(engine)
    const list = async (query: string) => (await iam.call('/v3/projects' + query, { as: iam.admin, body: '{}' })).body
    const { projectId: id, domainId } = iam.admin
    expect(await list('?name=test-1')).toEqual({
      projects: [
        {
          id,
          name: 'test-1',
          domain_id: domainId,
          parent_id: domainId,
          is_domain: false,
          enabled: true,
          description: '',
          links: { self: `http://${iam.host}/v3/projects/${id}` },
        },
      ],
      links: { self: `http://${iam.host}/v3/projects?name=test-1`, next: null, previous: null },
    })
    for (const query of ['?name=test', '?domain_id=other', '?enabled=false', '?is_domain=true', '?parent_id=other'])
      expect(await list(query)).toMatchObject({ projects: [], links: { next: null } })
    for (const query of [
      '',
      '?name=',
      `?domain_id=${domainId}`,
      '?enabled=true',
      `?parent_id=${domainId}&is_domain=false`,
    ])
      expect(await list(query)).toMatchObject({ projects: [{ id }] })
    expect((await iam.call('/v3/auth/projects', { as: iam.reader })).body).toMatchObject({ projects: [{ id }] })
    expect((await iam.call(`/v3/projects/${id}`, { as: iam.reader })).body).toMatchObject({ project: { id } })
    expect((await iam.call('/v3/projects/other', { as: iam.reader })).status).toBe(404)
  })

  test('a project can be created once, by who may write', async () => {
    await using iam = await iamServer(engine)
    const create = (body: unknown, as = iam.admin as Parameters<typeof iam.whoami>[0]['as']) =>
      iam.call('/v3/projects', { method: 'POST', body, ...(as && { as }) })
    const created = await create({ project: { name: 'test-2', domain_id: iam.admin.domainId } })
    expect(created.status).toBe(201)
    expect(created.body['project']).toMatchObject({ name: 'test-2', domain_id: iam.admin.domainId })
    expect((await create({ project: { name: 'test-2' } })).status).toBe(409)
    expect((await create({ project: { name: 'a b' } })).status).toBe(400)
    expect((await create({ project: {} })).status).toBe(400)
    expect((await create({ project: { name: 'test-3', domain_id: 'other' } })).status).toBe(403)
    expect((await create({ project: { name: 'test-3' } }, iam.reader)).status).toBe(403)
    expect((await iam.call('/v3/projects', { as: iam.admin })).body['projects']).toHaveLength(2)
  })

  test('accounts, users, regions and the caller', async () => {
    await using iam = await iamServer(engine)
    const get = async (path: string) => (await iam.call(path, { as: iam.admin })).body
    const { domainId, userId } = iam.admin
    expect(await get('/v3/auth/domains')).toMatchObject({
      domains: [{ id: domainId, name: 'sluice', enabled: true }],
      links: { next: null },
    })
    expect(await get('/v3/users?name=reader')).toMatchObject({
      users: [{ id: iam.reader.userId, name: 'reader', domain_id: domainId, enabled: true }],
      links: { next: null },
    })
    expect(await get('/v3/users')).toMatchObject({ users: [{ name: 'admin' }, { name: 'reader' }] })
    expect(await get('/v3/users?name=nobody')).toMatchObject({ users: [] })
    expect(await get('/v3/users?enabled=false')).toMatchObject({ users: [] })
    expect(await get('/v3/users?domain_id=other')).toMatchObject({ users: [] })
    expect(await get(`/v3/users/${userId}`)).toMatchObject({ user: { name: 'admin' } })
    expect(await get('/v3/regions')).toMatchObject({ regions: [{ id: 'test-1', type: 'public' }] })
    expect(await get('/v3/regions/test-1')).toMatchObject({ region: { id: 'test-1' } })
    expect((await iam.call('/v3/regions/moon', { as: iam.admin })).status).toBe(404)
    expect(await get('/v5/caller-identity')).toEqual({
      account_id: domainId,
      principal_id: userId,
      principal_urn: `iam::${domainId}:user:admin`,
    })
    expect((await iam.call('/v2/products/service-types?limit=1', { as: iam.admin })).status).toBe(200)
  })

  test('every look-up wants credentials', async () => {
    await using iam = await iamServer(engine)
    for (const path of [
      '/v3/projects',
      '/v3/auth/projects',
      '/v3/projects/p',
      '/v3/auth/domains',
      '/v3/users',
      '/v3/users/u',
      '/v3/regions',
      '/v3/regions/test-1',
      '/v5/caller-identity',
      '/v3.0/OS-CREDENTIAL/credentials',
      '/v3.0/OS-CREDENTIAL/credentials/a',
      '/v2/products/service-types',
      '/v3/auth/tokens',
    ]) {
      const reply = await iam.call(path)
      expect([path, reply.status]).toEqual([path, 401])
      expect(reply.body['error']).toMatchObject({ code: 401, title: 'Unauthorized' })
    }
  })

  test('what IAM has not is its 404, with any method', async () => {
    await using iam = await iamServer(engine)
    for (const path of ['/v3/agencies', '/v3.0/OS-AUTH/id-token/tokens', '/v5/agencies/assume'])
      for (const method of ['GET', 'POST', 'DELETE']) {
        const reply = await iam.call(path, { method })
        expect(reply.status).toBe(404)
        expect(reply.body['error']).toMatchObject({ code: 404, title: 'Not Found' })
      }
  })

  test('permanent keys are listed without their secrets, foreign ones only to who may write', async () => {
    await using iam = await iamServer(engine)
    const path = '/v3.0/OS-CREDENTIAL/credentials'
    const view = (key: string, user: string) => ({
      user_id: user,
      access: key,
      status: 'active',
      create_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
      description: '',
    })
    const { admin, reader } = iam
    const own = await iam.call(path, { as: reader })
    expect(own.body).toEqual({ credentials: [view(reader.accessKey, reader.userId)] })
    const foreign = await iam.call(`${path}?user_id=${reader.userId}`, { as: admin })
    expect(foreign.body).toEqual({ credentials: [view(reader.accessKey, reader.userId)] })
    expect((await iam.call(`${path}/${reader.accessKey}`, { as: admin })).body).toEqual({
      credential: view(reader.accessKey, reader.userId),
    })
    expect((await iam.call(`${path}?user_id=${admin.userId}`, { as: reader })).status).toBe(403)
    expect((await iam.call(`${path}/${admin.accessKey}`, { as: reader })).status).toBe(403)
    expect((await iam.call(`${path}?user_id=nobody`, { as: admin })).status).toBe(404)
    expect((await iam.call(`${path}/NOTAKEY`, { as: admin })).status).toBe(404)
  })

  test('a temporary key is made from a token too, and never outlives it', async () => {
    await using iam = await iamServer(engine)
    const token = await iam.token()
    const make = (body: unknown, headers?: Record<string, string>) =>
      iam.call('/v3.0/OS-CREDENTIAL/securitytokens', { method: 'POST', body, ...(headers && { headers }) })
    const asking = (more: object) => ({ auth: { identity: { methods: ['token'], token: more } } })
    const end = (time: number) => ({ credential: { expires_at: new Date(time).toISOString().replace('Z', '000Z') } })
    const issued = iam.time.now

    expect((await make(asking({ id: token, duration_seconds: 3600 }))).body).toMatchObject(end(issued + 3_600_000))
    expect((await make(asking({}), { 'x-auth-token': token })).body).toMatchObject(end(issued + 900_000))
    iam.time.now += 23.5 * 3_600_000
    expect((await make(asking({ id: token, duration_seconds: 86_400 }))).body).toMatchObject(end(issued + 86_400_000))

    expect((await make(asking({ duration_seconds: 899 }), { 'x-auth-token': token })).status).toBe(400)
    expect((await make(asking({ duration_seconds: 86_401 }), { 'x-auth-token': token })).status).toBe(400)
    expect((await make({ auth: { identity: { methods: ['magic'] } } })).status).toBe(400)
    expect((await make({ auth: { identity: { methods: ['assume_role'] } } })).status).toBe(404)
    expect((await make(asking({}))).status).toBe(401)
    expect((await make(asking({ id: 'unknown' }))).status).toBe(401)
  })
})
