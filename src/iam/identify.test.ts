/** What gateways are told of callers, over the path that they ask on. */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { iamServer } from '../../test/iam-server.js'
import { IdentityClient } from '../snapshot/identities.js'
import { IDENTITIES_PATH } from '../snapshot/paths.js'
import { Publisher } from '../snapshot/publisher.js'
import { gatewayRoutes } from '../snapshot/stream-server.js'
import { createIdentify } from './identify.js'

const TOKEN = 'a token of sixteen or more'

async function control(iam: Awaited<ReturnType<typeof iamServer>>) {
  const app = Fastify()
  gatewayRoutes(app, {
    publisher: new Publisher({ revision: 0, parts: [] }),
    token: TOKEN,
    receive: () => undefined,
    receiveMembers: () => undefined,
    identify: createIdentify({ store: iam.store, vault: iam.vault, clock: () => iam.time.now }),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

function asking(controlUrl: string | undefined, token = TOKEN): IdentityClient {
  const client = new IdentityClient({ controlUrl, token })
  onTestFinished(() => client.close())
  return client
}

describe.each(engines)('identities on $name', (engine) => {
  test('tokens, keys and temporary keys, and what is wrong with them', async () => {
    await using iam = await iamServer(engine)
    const gateway = asking(await control(iam))
    const { admin, reader } = iam
    const who = { domainId: admin.domainId, domainName: 'sluice', userId: admin.userId, userName: 'admin' }

    const token = await iam.token()
    expect(await gateway.identify({ token })).toEqual({
      ...who,
      projectId: admin.projectId,
      expiresAt: iam.time.now + 24 * 3_600_000,
    })
    expect(await gateway.identify({ token: `${token}x` })).toBe('unknown')
    const ofReader = { accessKey: reader.accessKey, securityToken: '' }
    expect(await gateway.identify(ofReader)).toMatchObject({ userName: 'reader', secret: reader.secretKey })
    expect(await gateway.identify({ ...ofReader, securityToken: 'x' })).toBe('unknown')
    expect(await gateway.identify({ accessKey: 'nobody', securityToken: '' })).toBe('unknown')

    const made = await iam.call('/v3.0/OS-CREDENTIAL/securitytokens', {
      method: 'POST',
      as: admin,
      body: { auth: { identity: { methods: ['token'], token: { duration_seconds: 900 } } } },
    })
    const { access, secret, securitytoken } = made.body['credential'] as Readonly<Record<string, string>>
    const temporary = { accessKey: access ?? '', securityToken: securitytoken ?? '' }
    expect(await gateway.identify(temporary)).toMatchObject({ ...who, secret })
    expect(await gateway.identify({ ...temporary, securityToken: '' })).toBe('unknown')

    iam.time.now += 24 * 3_600_000
    expect(await gateway.identify({ token })).toBe('expired')
    expect(await gateway.identify(temporary)).toBe('expired')
  })

  test('a user who is switched off is known, but forbidden; what has expired is that first', async () => {
    await using iam = await iamServer(engine)
    const gateway = asking(await control(iam))
    const token = await iam.token()
    const { admin } = iam
    const ofKey = { accessKey: admin.accessKey, securityToken: '' }
    const enable = (enabled: 0 | 1) =>
      iam.store.write([], ({ db }) =>
        db.updateTable('iam_users').set({ enabled }).where('id', '=', admin.userId).execute(),
      )
    await enable(0)
    expect(await gateway.identify({ token })).toEqual({ reason: 'forbidden' })
    expect(await gateway.identify(ofKey)).toEqual({ reason: 'forbidden', secret: admin.secretKey })
    expect(await gateway.identify({ ...ofKey, securityToken: 'x' })).toBe('unknown')
    await enable(1)
    expect(await gateway.identify({ token })).toMatchObject({ userName: 'admin' })
    await enable(0)
    iam.time.now += 24 * 3_600_000
    expect(await gateway.identify({ token })).toBe('expired')
  })

  test('without the cluster token, without control, and with something else nobody is told', async () => {
    await using iam = await iamServer(engine)
    const url = await control(iam)
    const question = { accessKey: iam.admin.accessKey, securityToken: '' }
    expect(await asking(url, 'another token of sixteen').identify(question)).toBe('refused')
    expect(await asking(undefined).identify(question)).toBe('unavailable')
    const moving = asking('http://127.0.0.1:1')
    expect(await moving.identify(question)).toBe('unavailable')
    moving.controlIsAt(url)
    expect(await moving.identify(question)).toMatchObject({ userName: 'admin' })
    for (const body of ['', '{', '{}', '{"token":1}', '{"token":"x","accessKey":"y","securityToken":""}']) {
      const headers = { authorization: `Bearer ${TOKEN}` }
      expect((await fetch(new URL(IDENTITIES_PATH, url), { method: 'POST', headers, body })).status).toBe(400)
    }
  })
})
