import { request as httpRequest } from 'node:http'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines, sqlite } from '../../test/engines.js'
import { management, type CallReply } from '../../test/management.js'
import { createUser } from '../iam/first-identities.js'

const unknownId = '5f0000000000000000000000000000aa'

describe.each(engines)('the management server on $name', (engine) => {
  test('health, readiness and the contract need no credentials', async () => {
    await using sluice = await management(engine)

    expect((await fetch(`${sluice.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${sluice.url}/readyz`)).status).toBe(200)
    const document = (await (await fetch(`${sluice.url}/openapi.json`)).json()) as { servers: { url: string }[] }
    expect(document.servers[0]?.url).toBe(sluice.url)
  })

  test('a path that is no operation is 404, a method that the path does not have 405, each with a body', async () => {
    await using sluice = await management(engine)
    const instances = `${sluice.url}/v2/${sluice.projectId}/apigw/instances`

    const missing = await fetch(`${instances}/x/y/z`)
    expect([missing.status, await missing.json()]).toEqual([
      404,
      { error_code: 'APIG.9999', error_msg: 'The API does not exist' },
    ])
    const method = await fetch(instances, { method: 'DELETE' })
    expect([method.status, await method.json()]).toEqual([
      405,
      { error_code: 'APIG.9999', error_msg: 'Method not allowed' },
    ])
  })

  test('without credentials, each plane answers with its own code', async () => {
    await using sluice = await management(engine)
    const instances = `${sluice.url}/v2/${sluice.projectId}/apigw/instances`

    expect(await (await fetch(instances)).json()).toMatchObject({ error_code: 'APIC.7100' })
    expect(await (await fetch(`${instances}/${sluice.instanceId}/apps`)).json()).toMatchObject({
      error_code: 'APIG.1000',
    })
  })

  test('a wrong secret is 401, another project 403, before anything is looked up', async () => {
    await using sluice = await management(engine)
    const key = { accessKey: sluice.identities.accessKey, secretKey: 'wrong' }

    expect(await sluice.call('listAppsV2', { key })).toMatchObject({ status: 401, body: { error_code: 'APIG.1002' } })
    expect(await sluice.call('listInstancesV2', { key })).toMatchObject({
      status: 401,
      body: { error_code: 'APIC.7102' },
    })
    expect((await sluice.call('listAppsV2', { projectId: unknownId })).status).toBe(403)
  })

  test('13: a read-only user reads, checks, and changes nothing', async () => {
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
    const key = { accessKey: user.accessKey, secretKey: user.secretKey }

    expect((await sluice.call('listAppsV2', { key })).status).toBe(200)
    expect(await sluice.call('createAnAppV2', { key, body: { name: 'app_one' } })).toMatchObject({
      status: 403,
      body: { error_code: 'APIG.1005' },
    })
    const free = { type: 'name', name: 'free' }
    expect((await sluice.call('checkApisV2', { key, body: free })).status).toBe(204)
    expect(await sluice.call('deleteInstancesV2', { key })).toMatchObject({
      status: 403,
      body: { error_code: 'APIC.7106' },
    })
  })

  test('an unknown instance is the 404 of the operation’s plane', async () => {
    await using sluice = await management(engine)

    expect(await sluice.call('listAppsV2', { instanceId: unknownId })).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3030', error_msg: `The instance does not exist;id:${unknownId}` },
    })
    expect(await sluice.call('showDetailsOfInstanceV2', { instanceId: unknownId })).toMatchObject({
      status: 404,
      body: { error_code: 'APIC.7302' },
    })
  })

  test.each([['[]'], ['"x"'], ['{"name":'], ['']])(
    '104: the body %j is refused and nothing is stored',
    async (body) => {
      await using sluice = await management(engine)

      expect(await sluice.call('createAnAppV2', { body })).toMatchObject({
        status: 400,
        body: { error_code: 'APIG.2000' },
      })
      expect(await sluice.call('listAppsV2')).toMatchObject({ body: { total: 0 } })
    },
  )

  test('a body over 12 MB is refused with a body of its own, and the server goes on', async () => {
    await using sluice = await management(engine)

    const status = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(sluice.url)
      const path = `/v2/${sluice.projectId}/apigw/instances/${sluice.instanceId}/apps`
      const request = httpRequest(
        { hostname, port, path, method: 'POST', headers: { 'content-length': 12 * 1024 * 1024 + 1 } },
        (reply) => {
          reply.resume()
          resolve(reply.statusCode ?? 0)
          request.destroy()
        },
      )
      request.on('error', reject)
      request.flushHeaders()
    })

    expect(status).toBe(400)
    expect((await sluice.call('listAppsV2')).status).toBe(200)
  })
})

test('on a full disk a write is refused whole, reads go on, and writes work again when there is room', async () => {
  await using sluice = await management(sqlite)
  const limitPages = (pages: number) =>
    sluice.store.write([], async ({ db }) => {
      await sql`pragma max_page_count = ${sql.lit(pages)}`.execute(db)
    })
  await limitPages(1)

  let stored = 0
  let refused: CallReply | undefined
  // Pages that are there already have some room left.
  for (let i = 0; refused === undefined && i < 2_000; i++) {
    const reply = await sluice.call('createAnAppV2', { body: { name: `app_${i}`, remark: 'r'.repeat(255) } })
    if (reply.status === 201) stored++
    else refused = reply
  }

  expect(refused).toMatchObject({ status: 500, body: { error_code: 'APIG.9999', error_msg: 'System error' } })
  expect(await sluice.call('listAppsV2')).toMatchObject({ status: 200, body: { total: stored } })
  await limitPages(1_000_000)
  expect((await sluice.call('createAnAppV2', { body: { name: 'room_again' } })).status).toBe(201)
})
