import { describe, expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { management, type TestManagement } from '../../test/management.js'
import { createUser } from '../iam/first-identities.js'
import { signRequest } from '../signing/sign.js'

/** A signed call that the contract does not have; `body` is sent as JSON, a text as it is. */
async function call(
  sluice: TestManagement,
  method: string,
  body?: unknown,
  { instanceId = sluice.instanceId, key }: { instanceId?: string; key?: { accessKey: string; secretKey: string } } = {},
) {
  const { accessKey, secretKey } = sluice.identities
  const path = `/v2/${sluice.projectId}/apigw/instances/${instanceId}/extra-elbs`
  const sent = body === undefined ? undefined : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const headers = { Host: new URL(sluice.url).host, 'Content-Type': 'application/json' }
  const signature = signRequest(
    { method, path, query: '', headers, ...(sent === undefined ? {} : { body: sent }) },
    key ?? { accessKey, secretKey },
  )
  const reply = await fetch(`${sluice.url}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...signature },
    ...(sent === undefined ? {} : { body: sent }),
  })
  const text = await reply.text()
  return { status: reply.status, body: (text === '' ? undefined : JSON.parse(text)) as unknown }
}

const details = (...ids: string[]) => ({ elb_details: ids.map((id) => ({ id, force_overwrite_enabled: true })) })

describe.each(engines)('extra load balancers on $name', (engine) => {
  test('29: there are none at first', async () => {
    await using sluice = await management(engine)

    expect(await call(sluice, 'GET')).toEqual({ status: 200, body: { elbs: [] } })
  })

  test('they are added, listed in order, and removed', async () => {
    await using sluice = await management(engine)

    expect(await call(sluice, 'POST', details('elb-b'))).toEqual({
      status: 201,
      body: { elbs: [{ elb_id: 'elb-b' }] },
    })
    sluice.now += 1_000
    const again = { elb_details: [{ id: 'elb-b' }, { id: 'elb-a', force_overwrite_enabled: false }, { id: 'elb-a' }] }
    const both = { elbs: [{ elb_id: 'elb-b' }, { elb_id: 'elb-a' }] }
    expect(await call(sluice, 'POST', again)).toEqual({ status: 201, body: both })
    expect(await call(sluice, 'GET')).toEqual({ status: 200, body: both })

    expect(await call(sluice, 'DELETE', { elb_ids: ['elb-b', 'unknown'] })).toEqual({ status: 204, body: undefined })
    expect(await call(sluice, 'GET')).toEqual({ status: 200, body: { elbs: [{ elb_id: 'elb-a' }] } })
  })

  test('a body that says nothing is refused by name', async () => {
    await using sluice = await management(engine)
    const refused = async (method: string, body?: unknown) => {
      const { status, body: reply } = await call(sluice, method, body)
      expect([status, reply]).toMatchObject([400, { error_code: 'APIC.7211' }])
      return /\[(\w+)\]$/.exec((reply as { error_msg: string }).error_msg)?.[1]
    }

    for (const body of [{}, { elb_details: [] }, { elb_details: ['a'] }, details('a/b'), details('a'.repeat(65)), []])
      expect(await refused('POST', body)).toBe('elbDetails')
    for (const body of [{}, { elb_ids: [] }, { elb_ids: 'a' }, { elb_ids: [7] }])
      expect(await refused('DELETE', body)).toBe('elbIds')
    expect(await refused('POST', '{')).toBe('body')
    expect(await refused('DELETE')).toBe('body')
  })

  test('they are let in as operations are', async () => {
    await using sluice = await management(engine)
    const user = await sluice.store.write([], ({ db }) =>
      createUser(db, sluice.vault, {
        domainId: sluice.identities.domainId,
        name: 'reader',
        role: 'readonly',
        now: sluice.now,
        passwordCost: { N: 16, r: 1, p: 1 },
      }),
    )
    const reader = { key: { accessKey: user.accessKey, secretKey: user.secretKey } }
    const stranger = { key: { accessKey: user.accessKey, secretKey: 'wrong' } }
    const url = `${sluice.url}/v2/${sluice.projectId}/apigw/instances/${sluice.instanceId}/extra-elbs`

    expect(await (await fetch(url)).json()).toMatchObject({ error_code: 'APIC.7100' })
    expect(await call(sluice, 'GET', undefined, stranger)).toMatchObject({ status: 401 })
    expect((await call(sluice, 'GET', undefined, reader)).status).toBe(200)
    expect(await call(sluice, 'POST', details('a'), reader)).toMatchObject({
      status: 403,
      body: { error_code: 'APIC.7106' },
    })
    expect(await call(sluice, 'GET', undefined, { instanceId: 'unknown' })).toMatchObject({
      status: 404,
      body: { error_code: 'APIC.7302' },
    })
    expect(await call(sluice, 'PUT', details('a'))).toMatchObject({ status: 405 })
  })

  test('they go with their instance', async () => {
    await using sluice = await management(engine)
    await call(sluice, 'POST', details('a'))

    await sluice.given('deleteInstancesV2')

    expect(await sluice.store.read((db) => db.selectFrom('extra_elbs').selectAll().execute())).toEqual([])
  })
})
