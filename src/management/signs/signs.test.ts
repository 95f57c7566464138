import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anApi, changedParts, publish, RELEASE, revision } from '../../../test/stage.js'

const notThere = '11111111-2222-3333-4444-555555555555'

const create = (sluice: TestManagement, body: Record<string, unknown>) =>
  sluice.call('createSignatureKeyV2', { body: { name: 'sign_demo', ...body } })

const read = async (sluice: TestManagement, id: string) => {
  const { total, signs } = (await sluice.call('listSignatureKeysV2', { query: { id } })).body
  expect(total).toBe(1)
  return signs[0]
}

const publicKeysOn = (sluice: TestManagement) =>
  sluice.given('createFeatureV2', { body: { name: 'public_key', enable: true, config: '{"enable":"on"}' } })

describe.each(engines)('signature keys on $name', (engine) => {
  test('87: a key is shown in clear as it was sent, and sealed at rest', async () => {
    await using sluice = await management(engine)
    const own = { sign_key: 'signkeysignkey', sign_secret: 'a-very-secret-sign!@#$%' }

    const created = await create(sluice, own)
    const shown = await read(sluice, created.body.id)

    expect(created.status).toBe(201)
    expect(created.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      name: 'sign_demo',
      sign_type: 'hmac',
      ...own,
      create_time: expect.stringMatching(/\.\d{3}Z$/),
      update_time: created.body.create_time,
    })
    expect(shown).toEqual({
      ...created.body,
      create_time: expect.stringMatching(/:\d\dZ$/),
      update_time: expect.stringMatching(/:\d\dZ$/),
      bind_num: 0,
      ldapi_bind_num: 0,
    })
    const [row] = await sluice.store.read((db) => db.selectFrom('signs').selectAll().execute())
    expect(JSON.stringify(row)).not.toMatch(/signkey|a-very-secret/)
  })

  test('87: what is not given is generated in the form of its type', async () => {
    await using sluice = await management(engine)
    await publicKeysOn(sluice)
    const forms = [
      [{}, /^[0-9a-f]{32}$/, /^[0-9a-f]{32}$/],
      [{ sign_type: 'hmac' }, /^[0-9a-f]{32}$/, /^[0-9a-f]{32}$/],
      [{ sign_type: 'basic' }, /^k[0-9a-f]{31}$/, /^[0-9a-f]{32}$/],
      [{ sign_type: 'aes', sign_algorithm: 'aes-128-cfb' }, /^[A-Za-z0-9+/]{16}$/, /^[A-Za-z0-9+/]{16}$/],
      [{ sign_type: 'aes', sign_algorithm: 'aes-256-cfb' }, /^[A-Za-z0-9+/]{32}$/, /^[A-Za-z0-9+/]{16}$/],
      [{ sign_type: 'public_key' }, /^[A-Za-z0-9+/=]{8,512}$/, /^[A-Za-z0-9+/=]{16,2048}$/],
    ] as const
    const keys = new Set<string>()
    for (const [index, [given, key, secret]] of forms.entries()) {
      const reply = await create(sluice, { name: `sign_${index}`, ...given })
      expect(reply, JSON.stringify(given)).toMatchObject({ status: 201, body: given })
      expect(reply.body.sign_key).toMatch(key)
      expect(reply.body.sign_secret).toMatch(secret)
      expect(await read(sluice, reply.body.id)).toMatchObject({
        sign_key: reply.body.sign_key,
        sign_secret: reply.body.sign_secret,
      })
      keys.add(reply.body.sign_key).add(reply.body.sign_secret)
    }
    expect(keys.size).toBe(2 * forms.length)
  })

  test('a generated pair of keys is a pair', async () => {
    await using sluice = await management(engine)
    await publicKeysOn(sluice)
    const { sign_key, sign_secret } = (await create(sluice, { sign_type: 'public_key' })).body
    const privateKey = createPrivateKey({ key: Buffer.from(sign_secret, 'base64'), format: 'der', type: 'pkcs8' })
    const publicKey = createPublicKey({ key: Buffer.from(sign_key, 'base64'), format: 'der', type: 'spki' })
    expect(createPublicKey(privateKey).equals(publicKey)).toBe(true)
  })

  test('87: half of a pair of keys is refused', async () => {
    await using sluice = await management(engine)
    await publicKeysOn(sluice)
    for (const [missing, given] of [
      ['sign_secret', { sign_key: 'p'.repeat(8) }],
      ['sign_key', { sign_secret: 's'.repeat(16) }],
    ] as const) {
      const reply = await create(sluice, { sign_type: 'public_key', ...given })
      expect(reply).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })
      expect(reply.body.error_msg).toContain(`parameterName:${missing}.`)
    }
  })

  test('87: what is not of the form of its type is refused under its name', async () => {
    await using sluice = await management(engine)
    await publicKeysOn(sluice)
    const aes = (bits: number) => ({ sign_type: 'aes', sign_algorithm: `aes-${bits}-cfb` })
    const cases: [string, string, Record<string, unknown>][] = [
      ['APIG.2001', 'name', { name: '' }],
      ['APIG.2011', 'name', { name: '1ab' }],
      ['APIG.2011', 'sign_type', { sign_type: 'rsa' }],
      // Without a type it is an HMAC key.
      ['APIG.2011', 'sign_key', { sign_key: 'k'.repeat(7) }],
      ['APIG.2011', 'sign_key', { sign_key: 'k'.repeat(33) }],
      ['APIG.2011', 'sign_key', { sign_key: '_signkey' }],
      ['APIG.2011', 'sign_secret', { sign_secret: 's'.repeat(15) }],
      ['APIG.2011', 'sign_secret', { sign_secret: 's'.repeat(65) }],
      ['APIG.2011', 'sign_algorithm', { sign_algorithm: 'aes-128-cfb' }],
      ['APIG.2011', 'sign_key', { sign_type: 'basic', sign_key: '1user' }],
      ['APIG.2011', 'sign_secret', { sign_type: 'basic', sign_secret: 's'.repeat(7) }],
      ['APIG.2011', 'sign_algorithm', { sign_type: 'basic', sign_algorithm: 'aes-128-cfb' }],
      ['APIG.2011', 'sign_key', { sign_type: 'public_key', sign_key: 'k'.repeat(513) }],
      ['APIG.2001', 'sign_algorithm', { sign_type: 'aes' }],
      ['APIG.2001', 'sign_algorithm', { sign_type: 'aes', sign_algorithm: '' }],
      ['APIG.2011', 'sign_algorithm', { sign_type: 'aes', sign_algorithm: 'aes-192-cfb' }],
      ['APIG.2011', 'sign_key', { ...aes(128), sign_key: 'k'.repeat(32) }],
      ['APIG.2011', 'sign_key', { ...aes(256), sign_key: 'k'.repeat(16) }],
      ['APIG.2011', 'sign_secret', { ...aes(256), sign_secret: 's'.repeat(17) }],
    ]
    for (const [error_code, name, given] of cases) {
      const reply = await create(sluice, given)
      expect(reply, JSON.stringify(given)).toMatchObject({ status: 400, body: { error_code } })
      expect(reply.body.error_msg, JSON.stringify(given)).toContain(`parameterName:${name}.`)
    }
    expect((await sluice.call('listSignatureKeysV2')).body).toEqual({ total: 0, size: 0, signs: [] })

    for (const [index, given] of [
      { sign_key: 'k'.repeat(8), sign_secret: 's'.repeat(16), sign_algorithm: '' },
      { sign_key: 'k'.repeat(32), sign_secret: 's'.repeat(64) },
      { sign_type: 'basic', sign_key: 'user', sign_secret: 's'.repeat(8) },
      { sign_type: 'public_key', sign_key: 'k'.repeat(512), sign_secret: 's'.repeat(2_048) },
      { ...aes(128), sign_key: 'k'.repeat(16), sign_secret: 's'.repeat(16) },
      { ...aes(256), sign_key: 'k'.repeat(32), sign_secret: 's'.repeat(16) },
    ].entries()) {
      const { sign_algorithm, ...rest } = { sign_algorithm: undefined, ...given }
      const reply = await create(sluice, { name: `sign_${index}`, ...given })
      expect(reply, JSON.stringify(given)).toMatchObject({ status: 201, body: rest })
      expect(reply.body.sign_algorithm).toBe(sign_algorithm === '' ? undefined : sign_algorithm)
    }
  })

  test('87: a public key needs its feature', async () => {
    await using sluice = await management(engine)
    const refusal = {
      status: 412,
      body: {
        error_code: 'APIG.3548',
        error_msg: `sign_type=public_key not supported by instance ${sluice.instanceId}`,
      },
    }
    const feature = (enable: boolean, config: string) =>
      sluice.given('createFeatureV2', { body: { name: 'public_key', enable, config } })

    expect(await create(sluice, { sign_type: 'public_key' })).toMatchObject(refusal)
    await feature(true, '{"enable":"off"}')
    expect(await create(sluice, { sign_type: 'public_key' })).toMatchObject(refusal)
    await feature(true, '{"enable":"on","public_key_uri_prefix":"/keys/"}')
    const created = await create(sluice, { sign_type: 'public_key' })
    expect(created.status).toBe(201)
    await feature(false, '{"enable":"on"}')
    const path = { sign_id: created.body.id as string }
    const body = { name: 'sign_renamed' }
    expect(await sluice.call('updateSignatureKeyV2', { path, body })).toMatchObject(refusal)
    expect((await read(sluice, path.sign_id)).name).toBe('sign_demo')
  })

  test('an update keeps what is left out, and never the old form of a new algorithm', async () => {
    await using sluice = await management(engine)
    const given = {
      sign_type: 'aes',
      sign_algorithm: 'aes-128-cfb',
      sign_key: 'k'.repeat(16),
      sign_secret: 's'.repeat(16),
    }
    const created = await create(sluice, given)
    const path = { sign_id: created.body.id as string }
    const update = (body: Record<string, unknown>) =>
      sluice.call('updateSignatureKeyV2', { path, body: { name: 'sign_demo', ...body } })
    sluice.now += 60_000

    const renamed = await update({ name: 'sign_renamed' })
    expect(renamed).toMatchObject({ status: 200, body: { ...given, name: 'sign_renamed', id: path.sign_id } })
    expect(renamed.body.create_time).toBe(created.body.create_time)
    expect(renamed.body.update_time > created.body.update_time).toBe(true)
    expect(await update({ sign_secret: 't'.repeat(16) })).toMatchObject({
      status: 200,
      body: { ...given, name: 'sign_demo', sign_secret: 't'.repeat(16) },
    })

    for (const [name, body] of [
      ['sign_type', { sign_type: 'hmac' }],
      ['sign_key', { sign_algorithm: 'aes-256-cfb' }],
      ['sign_key', { sign_key: 'k'.repeat(32) }],
    ] as const) {
      const reply = await update(body)
      expect(reply, JSON.stringify(body)).toMatchObject({ status: 400, body: { error_code: 'APIG.2011' } })
      expect(reply.body.error_msg).toContain(`parameterName:${name}.`)
    }
    const wider = { sign_algorithm: 'aes-256-cfb', sign_key: 'k'.repeat(32) }
    expect(await update({ sign_type: 'aes', ...wider })).toMatchObject({ status: 200, body: wider })
    expect(await read(sluice, path.sign_id)).toMatchObject({ ...wider, sign_secret: 't'.repeat(16) })
  })

  test('names are taken once; an unknown key is 3017', async () => {
    await using sluice = await management(engine)
    await create(sluice, { name: 'sign_first' })
    const path = { sign_id: (await create(sluice, { name: 'sign_second' })).body.id as string }

    const taken = { status: 400, body: { error_code: 'APIG.3207' } }
    expect(await create(sluice, { name: 'sign_first' })).toMatchObject(taken)
    expect(await sluice.call('updateSignatureKeyV2', { path, body: { name: 'sign_first' } })).toMatchObject(taken)
    expect((await sluice.call('updateSignatureKeyV2', { path, body: { name: 'sign_second' } })).status).toBe(200)

    const unknown = { sign_id: notThere }
    for (const reply of [
      await sluice.call('updateSignatureKeyV2', { path: unknown, body: { name: 'sign_demo' } }),
      await sluice.call('deleteSignatureKeyV2', { path: unknown }),
      await sluice.call('associateSignatureKeyV2', { body: { ...unknown, publish_ids: [notThere] } }),
      await sluice.call('listApisBindedToSignatureKeyV2', { query: unknown }),
      await sluice.call('listApisNotBoundWithSignatureKeyV2', { query: unknown }),
    ])
      expect(reply).toMatchObject({
        status: 404,
        body: { error_code: 'APIG.3017', error_msg: `Signature key ${notThere} does not exist` },
      })
  })

  test('the quota is read from its record, and the record counts', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db.updateTable('configs').set({ config_value: '1' }).where('config_name', '=', 'SIGN_NUM_LIMIT').execute(),
    )
    await create(sluice, {})
    expect(await create(sluice, { name: 'sign_second' })).toMatchObject({
      status: 403,
      body: { error_code: 'APIG.3105' },
    })
    const { configs } = (await sluice.call('listProjectCofigsV2', { query: { config_name: 'SIGN_NUM_LIMIT' } })).body
    expect(configs).toMatchObject([{ config_value: '1', used: 1 }])
  })

  test('the list filters by id and name, and pages newest first', async () => {
    await using sluice = await management(engine)
    for (const name of ['sign_a', 'sign_b', 'Sign_b', 'sign_bb']) {
      sluice.now += 1_000
      await create(sluice, { name })
    }
    const names = async (query: Record<string, string | number>) =>
      (await sluice.call('listSignatureKeysV2', { query })).body.signs.map((sign: { name: string }) => sign.name)

    expect(await names({})).toEqual(['sign_bb', 'Sign_b', 'sign_b', 'sign_a'])
    expect(await names({ name: 'sign_b' })).toEqual(['sign_bb', 'sign_b'])
    expect(await names({ name: 'sign_b', precise_search: 'name' })).toEqual(['sign_b'])
    expect(await names({ name: '' })).toHaveLength(4)
    expect(await names({ id: notThere })).toEqual([])
    expect(await names({ offset: 3, limit: 2 })).toEqual(['sign_a'])
    expect((await sluice.call('listSignatureKeysV2', { query: { offset: 9 } })).body).toMatchObject({
      total: 4,
      size: 0,
    })
  })

  test('87: with a bound key go its bindings', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice)
    const path = { sign_id: (await create(sluice, {})).body.id as string }
    const body = { ...path, publish_ids: [await publish(sluice, api.id)] }
    await sluice.given('associateSignatureKeyV2', { body })
    expect((await read(sluice, path.sign_id)).bind_num).toBe(1)
    const before = await revision(sluice)

    expect(await sluice.call('deleteSignatureKeyV2', { path })).toMatchObject({ status: 204, body: undefined })

    expect(await changedParts(sluice, before)).toEqual([`publication:${api.id}/${RELEASE}`])
    const bound = await sluice.call('listSignatureKeysBindedToApiV2', { query: { api_id: api.id } })
    expect(bound.body).toEqual({ total: 0, size: 0, bindings: [] })
    expect(await sluice.store.read((db) => db.selectFrom('sign_bindings').selectAll().execute())).toEqual([])
  })
})
