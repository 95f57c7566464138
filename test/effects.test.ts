/** What operations do to callers: the halves of the management scenarios that only a gateway can show. */
import { describe, expect, test } from 'vitest'
import type { ApiCreate } from '../src/contract/generated/schemas.js'
import { httpApi, mockApi } from './definitions.js'
import { engines } from './engines.js'
import { managementWithGateway, type ManagedGateway } from './management-with-gateway.js'
import { publish, RELEASE, takeOffline } from './stage.js'

const refused = (status: number, code: string) => ({ status, body: { error_code: code } })

async function group({ sluice }: ManagedGateway): Promise<{ id: string; sl_domain: string }> {
  return (await sluice.given('createApiGroupV2', { body: { name: 'orders' } })) as { id: string; sl_domain: string }
}

async function api({ sluice }: ManagedGateway, body: ApiCreate): Promise<string> {
  return String((await sluice.given('createApiV2', { body })).id)
}

/** Where the backend of the test is, with a path. */
const backendAt = ({ backend }: ManagedGateway, req_uri: string) => ({
  url_domain: backend.address,
  req_protocol: 'HTTP' as const,
  req_method: 'GET' as const,
  req_uri,
  timeout: 5000,
})

const seen = ({ backend }: ManagedGateway): string[] => backend.requests.map(({ target }) => target)

describe.each(engines)('effects on callers, on $name', (engine) => {
  test('34: a sub-domain that is closed leads nowhere, and does again when it is opened', async () => {
    await using here = await managementWithGateway(engine)
    const { id, sl_domain } = await group(here)
    await publish(here.sluice, await api(here, mockApi(id, { req_uri: '/orders' })))
    const open = (sl_domain_access_enabled: boolean) =>
      here.sluice.given('updateSlDomainSettingV2', { path: { group_id: id }, body: { sl_domain_access_enabled } })
    expect((await here.get(sl_domain, '/orders')).status).toBe(200)

    await open(false)
    expect((await here.get(sl_domain, '/orders')).status).toBe(404)

    await open(true)
    expect((await here.get(sl_domain, '/orders')).status).toBe(200)
  })

  test('47: a variable that changes is followed without another publication', async () => {
    await using here = await managementWithGateway(engine)
    const { sluice } = here
    const { id, sl_domain } = await group(here)
    const variable = await sluice.given('createEnvironmentVariableV2', {
      body: { group_id: id, env_id: RELEASE, variable_name: 'path', variable_value: 'one' },
    })
    const definition = httpApi(id, { req_uri: '/orders', backend_api: backendAt(here, '/#path#/end') })
    const api_id = await api(here, definition)
    await publish(sluice, api_id)
    await here.get(sl_domain, '/orders')

    await sluice.given('updateEnvironmentVariableV2', {
      path: { env_variable_id: variable.id },
      body: { variable_value: 'two' },
    })
    await here.get(sl_domain, '/orders')

    expect(seen(here)).toEqual(['/one/end', '/two/end'])
    expect((await sluice.call('listApiVersionsV2', { path: { api_id } })).body).toMatchObject({ total: 1 })
  })

  test('61, 64, 65: what is called is what was published, not what was written since', async () => {
    await using here = await managementWithGateway(engine)
    const { sluice } = here
    const { id, sl_domain } = await group(here)
    const definition = httpApi(id, { req_uri: '/orders', backend_api: backendAt(here, '/old') })
    const api_id = await api(here, definition)
    await publish(sluice, api_id)
    const [older] = (await sluice.given('listApiVersionsV2', { path: { api_id } })).api_versions

    await sluice.given('updateApiV2', {
      path: { api_id },
      body: { ...definition, backend_api: backendAt(here, '/new') },
    })
    await here.get(sl_domain, '/orders')
    await publish(sluice, api_id)
    await here.get(sl_domain, '/orders')
    await sluice.given('changeApiVersionV2', { path: { api_id }, body: { version_id: older.version_id } })
    await here.get(sl_domain, '/orders')
    expect(seen(here)).toEqual(['/old', '/new', '/old'])

    await takeOffline(sluice, api_id)
    expect(await here.get(sl_domain, '/orders')).toMatchObject(refused(404, 'APIG.0101'))
  })

  test('70, 75: a secret that was reset and an app that was deleted open nothing', async () => {
    await using here = await managementWithGateway(engine)
    const { sluice } = here
    const { id, sl_domain } = await group(here)
    const api_id = await api(here, mockApi(id, { req_uri: '/orders', auth_type: 'APP' }))
    await publish(sluice, api_id)
    const app = await sluice.given('createAnAppV2', { body: { name: 'shop' } })
    const body = { env_id: RELEASE, app_ids: [app.id], api_ids: [api_id] }
    await sluice.given('createAuthorizingAppsV2', { body })
    const call = (secretKey: string) => here.get(sl_domain, '/orders', { accessKey: app.app_key, secretKey })
    expect((await call(app.app_secret)).status).toBe(200)

    await sluice.given('resettingAppSecretV2', { path: { app_id: app.id }, body: { app_secret: 'another-secret' } })
    expect(await call(app.app_secret)).toMatchObject(refused(401, 'APIG.0303'))
    expect((await call('another-secret')).status).toBe(200)

    await sluice.given('deleteAppV2', { path: { app_id: app.id } })
    expect((await call('another-secret')).status).toBe(401)
  })
})
