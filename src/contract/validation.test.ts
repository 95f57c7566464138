import { describe, expect, it } from 'vitest'
import type { OperationId } from './generated/operations.js'
import { accepted, refused } from './testing/requests.js'

const throttle = { name: 'policy', time_unit: 'SECOND', api_call_limits: 10, time_interval: 1 }
const environment = { name: 'staging' }
const suffix = '. Please refer to the support documentation'

/** `code name`, as a reader of the tables looks for it. */
function verdict(id: OperationId, given: Parameters<typeof refused>[1]): string {
  const { code, message } = refused(id, given)
  const name = /(?:parameterName:|parameter name:|name\[)(\w+)/.exec(message)?.[1]
  return name === undefined ? `${code} ${message}` : `${code} ${name}`
}

describe('a body', () => {
  it('must be JSON where one is needed', () => {
    const empty = 'Parameter error: Serialization error: unexpected end of JSON input'
    expect(refused('changeApiVersionV2', {})).toMatchObject({ code: 'APIG.2000', status: 400, message: empty })
    expect(refused('createEnvironmentV2', { body: Buffer.from('{"name": ') }).message).toBe(empty)
    expect(refused('createEnvironmentV2', { body: Buffer.from('<name/>') }).message).toMatch(/^Parameter error: Serial/)
    expect(refused('createEnvironmentV2', { body: Buffer.from([0x22, 0xff, 0x22]) }).message).toMatch(
      /invalid UTF-8 text$/,
    )
    expect(verdict('createInstanceV2', { body: Buffer.from('nonsense') })).toBe('APIC.7211 body')
  })

  it('may be long, but not deep', () => {
    const nested = (depth: number) => Buffer.from(`{"name":"staging","x":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    const long = Buffer.from(JSON.stringify({ name: 'staging', x: '\\"['.repeat(100_000) }))
    expect(accepted('createEnvironmentV2', { body: long }).body).toEqual(environment)
    expect(accepted('createEnvironmentV2', { body: nested(900) }).body).toEqual(environment)
    expect(refused('createEnvironmentV2', { body: nested(1_000_000) }).message).toMatch(/exceeded max depth$/)
  })

  it('must have the types of the contract', () => {
    const start = 'APIG.2000 Parameter error: Serialization error: '
    expect(verdict('createEnvironmentV2', { body: [] })).toBe(`${start}the body must be of type object, not array`)
    expect(verdict('createEnvironmentV2', { body: null })).toBe(`${start}the body must be of type object, not null`)
    expect(verdict('createEnvironmentV2', { body: { name: 5 } })).toBe(
      `${start}field name must be of type string, not number`,
    )
    expect(verdict('createRequestThrottlingPolicyV2', { body: { ...throttle, time_interval: '1' } })).toBe(
      `${start}field time_interval must be of type integer, not string`,
    )
    expect(verdict('createRequestThrottlingPolicyV2', { body: { ...throttle, time_interval: 1.5 } })).toMatch(
      'APIG.2000',
    )
    expect(verdict('createInstanceV2', { body: { instance_name: [] } })).toBe('APIC.7211 instanceName')
    // An empty list is no empty text.
    expect(verdict('createEnvironmentV2', { body: { name: [] } })).toBe(
      `${start}field name must be of type string, not array`,
    )
  })

  it('takes a number without a fraction for a whole one, whatever way it is written', () => {
    const body = Buffer.from('{"name":"policy","time_unit":"DAY","api_call_limits":10.0,"time_interval":1e2}')
    expect(accepted('createRequestThrottlingPolicyV2', { body }).body).toMatchObject({
      api_call_limits: 10,
      time_interval: 100,
    })
  })

  it('names a mandatory member that is absent, null or empty', () => {
    for (const name of [undefined, null, ''])
      expect(refused('createEnvironmentV2', { body: { name } })).toMatchObject({
        code: 'APIG.2001',
        message: `The request parameters must be specified,parameterName:name${suffix}`,
      })
    expect(verdict('createAuthorizingAppsV2', { body: { env_id: 'e', app_ids: [], api_ids: ['a'] } })).toBe(
      'APIG.2001 app_ids',
    )
    expect(refused('addingBackendInstancesV2', { body: {} }).message).toBe(
      'The request parameters must be specified, parameter name:members',
    )
    expect(verdict('exportApiDefinitionsV2', { body: { group_id: 'g' } })).toBe('APIG.2001 env_id')
  })

  it('reports the first member in the order of the reference, not the worst', () => {
    expect(verdict('createRequestThrottlingPolicyV2', { body: { name: '1', app_call_limits: 0 } })).toBe(
      'APIG.2002 app_call_limits',
    )
    expect(verdict('createRequestThrottlingPolicyV2', { body: { name: '1' } })).toBe('APIG.2011 name')
    expect(verdict('createRequestThrottlingPolicyV2', { body: { name: 'policy', remark: 5 } })).toBe(
      'APIG.2001 time_unit',
    )
  })

  it('names a nested member by its own name', () => {
    const api = {
      name: 'Api_1',
      type: 1,
      req_protocol: 'HTTPS',
      req_method: 'GET',
      req_uri: '/a',
      auth_type: 'NONE',
      backend_type: 'HTTP',
      group_id: 'g',
    }
    expect(verdict('createApiV2', { body: { ...api, backend_api: { timeout: 0 } } })).toBe('APIG.2011 timeout')
    expect(
      verdict('createApiV2', { body: { ...api, req_params: [{ name: 'a', type: 'STRING', location: 'BODY' }] } }),
    ).toBe('APIG.2011 location')
    expect(verdict('createApiV2', { body: { ...api, req_params: [{ name: 'a' }] } })).toBe('APIG.2001 type')
    expect(verdict('createApiV2', { body: { ...api, tags: ['1x'] } })).toBe('APIG.2011 tags')
    expect(verdict('createApiV2', { body: { ...api, auth_type: 'AUTHORIZER' } })).toBe('APIG.2001 authorizer_id')
    expect(verdict('createApiV2', { body: { ...api, auth_type: 'OTHER' } })).toBe('APIG.2011 auth_type')
  })

  it('has codes of their own for the bounds of limits and weights', () => {
    const limited = (api_call_limits: number) => ({ body: { ...throttle, api_call_limits } })
    expect(verdict('createRequestThrottlingPolicyV2', limited(0))).toBe('APIG.2002 api_call_limits')
    expect(verdict('createRequestThrottlingPolicyV2', limited(2 ** 31))).toBe('APIG.2003 api_call_limits')
    const special = { object_id: 'o', object_type: 'APP', call_limits: -1 }
    expect(refused('createSpecialThrottlingConfigurationV2', { body: special }).message).toBe(
      `The parameter value is too small,parameterName:call_limits${suffix}`,
    )
    expect(verdict('addingBackendInstancesV2', { body: { members: [{ weight: 10_001 }] } })).toBe('APIG.2004 weight')
    expect(
      verdict('createVpcChannelV2', { body: { name: 'channel', port: 0, balance_strategy: 1, member_type: 'ip' } }),
    ).toBe('APIG.2011 port')
  })

  it('loses what the contract does not know, and null', () => {
    const body = Buffer.from(
      '{"name":"staging","remark":null,"other":{"a":1},"__proto__":{"remark":"x"},"constructor":1}',
    )
    expect(accepted('createEnvironmentV2', { body }).body).toEqual(environment)
    expect(Object.keys(accepted('createEnvironmentV2', { body }).body)).toEqual(['name'])
  })

  it('keeps names that a client chooses, even those that objects inherit', () => {
    const body = Buffer.from(
      '{"method":"GET","mode":"DEVELOPER","path":"/","scheme":"HTTPS","query":{"constructor":["1"]}}',
    )
    const { query } = accepted('debugApiV2', { body }).body
    expect(query).toEqual({ constructor: ['1'] })
    expect(
      verdict('debugApiV2', {
        body: { method: 'GET', mode: 'DEVELOPER', path: '/', scheme: 'HTTPS', header: { 'X-Stage': ['a'] } },
      }),
    ).toBe('APIG.2030 Bad request for debugging the API')
  })

  it('is not filled with defaults, and may be left out where nothing in it is mandatory', () => {
    expect(accepted('resettingAppSecretV2', {}).body).toEqual({})
    expect(accepted('createRequestThrottlingPolicyV2', { body: throttle }).body).toEqual(throttle)
    expect(accepted('deleteApiV2', { body: {} }).body).toBeUndefined()
  })

  it('never fails for a member that has no effect', () => {
    const given = (version: string) =>
      accepted('createApiGroupV2', { body: { name: 'group', version, roma_app_id: 5 } }).body
    expect(given('V1')).toEqual({ name: 'group', version: 'V1' })
    expect(given('V9')).toEqual({ name: 'group' })
  })

  it('may have gaps in the domains of a certificate, and a text for a bandwidth', () => {
    const domains = [null, {}, { domain: 'a.example.com' }]
    expect(accepted('batchAssociateDomainsV2', { body: { domains } }).body.domains).toEqual([
      { domain: 'a.example.com' },
    ])
    expect(accepted('addIngressEipV2', { body: { bandwidth_size: '5' } }).body).toEqual({ bandwidth_size: 5 })
    expect(verdict('addIngressEipV2', { body: { bandwidth_size: 'five' } })).toBe('APIC.7211 bandwidthSize')
  })

  it('has ids that can be ids, and no NUL', () => {
    expect(verdict('createAuthorizingAppsV2', { body: { env_id: 'a b', app_ids: ['a'], api_ids: ['a'] } })).toBe(
      'APIG.2012 env_id',
    )
    expect(verdict('associateRequestThrottlingPolicyV2', { body: { strategy_id: 's', publish_ids: ['é'] } })).toBe(
      'APIG.2012 publish_ids',
    )
    expect(verdict('associateRequestThrottlingPolicyV2', { body: { strategy_id: 's', publish_ids: [5] } })).toBe(
      'APIG.2012 publish_ids',
    )
    expect(verdict('createEnvironmentV2', { body: { name: 'staging', remark: 'a\0b' } })).toBe('APIG.2012 remark')
    // A name that a client chose is no place that it could be told.
    expect(
      verdict('createGatewayResponseV2', { body: { name: 'r', responses: { THROTTLED: { body: 'a\0b' } } } }),
    ).toBe('APIG.2011 body')
    expect(verdict('createFeatureV2', { body: { name: 'lts', enable: true, config: { chosen: 'a\0b' } } })).toBe(
      'APIG.2011 config',
    )
    const debug = { method: 'GET', mode: 'DEVELOPER', path: '/', scheme: 'HTTPS', query: { user_id: ['a b'] } }
    expect(accepted('debugApiV2', { body: debug }).body.query).toEqual(debug.query)
    expect(verdict('createAppCodeV2', { body: { app_code: 'short' } })).toBe('APIG.2011 app_code')
  })
})

describe('single operations', () => {
  it('have the texts and codes of their reference page', () => {
    expect(refused('updateSlDomainSettingV2', { body: {} }).message).toBe(
      'Invalid parameter value,parameterName:sl_domain_access_enabled',
    )
    expect(verdict('updateSlDomainSettingV2', { body: { sl_domain_access_enabled: 'yes' } })).toBe(
      'APIG.2011 sl_domain_access_enabled',
    )
    expect(verdict('associateDomainV2', { body: { url_domain: 'INVALID_URL_DOMAIN' } })).toBe(
      'APIG.2024 Invalid URL domain name',
    )
    expect(verdict('createEnvironmentV2', { body: { name: '1' } })).toBe('APIG.2012 name')
    expect(verdict('createApiGroupV2', { body: { name: '-' } })).toBe('APIG.2011 name')
    expect(verdict('updateApiGroupV2', { body: { name: '-' } })).toBe('APIG.2012 name')
    expect(verdict('associateSignatureKeyV2', { body: { sign_id: '*', publish_ids: ['p'] } })).toBe('APIG.2012 sign_id')
    expect(verdict('createApiAclBindingV2', { body: { acl_id: '*', publish_ids: ['p'] } })).toBe('APIG.2011 acl_id')
    expect(verdict('addEipV2', { body: { eip_id: '*' } })).toBe('APIC.7211 eip_id')
    expect(verdict('updateInstanceV2', { body: { maintain_begin: '01:00:00' } })).toBe('APIC.7211 maintainBegin')
    const instance = {
      instance_name: 'abc',
      spec_id: 'BASIC',
      vpc_id: 'v',
      subnet_id: 's',
      security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
    }
    expect(verdict('createInstanceV2', { body: { ...instance, available_zone_ids: [] } })).toBe(
      'APIC.7238 An AZ must be specified',
    )
    expect(accepted('createInstanceV2', { body: { ...instance, available_zone_ids: ['a'] } }).body).toMatchObject(
      instance,
    )
  })
})

describe('the query', () => {
  it('always has paging values, clamped', () => {
    const paging = (query: Record<string, string>) => {
      const { offset, limit } = accepted('listApisV2', { query }).query
      return [offset, limit]
    }
    expect(paging({})).toEqual([0, 20])
    expect(paging({ offset: '-3', limit: '0' })).toEqual([0, 20])
    expect(paging({ offset: '7', limit: '501' })).toEqual([7, 500])
    expect(paging({ offset: '9'.repeat(309), limit: '9'.repeat(309) })).toEqual([Number.MAX_SAFE_INTEGER, 500])
    for (const offset of ['x', '1.5', '1e3', '0x1', ' 1', '9'.repeat(310)])
      expect(verdict('listApisV2', { query: { offset } })).toBe('APIG.2012 offset')
    expect(verdict('listInstancesV2', { query: { limit: 'x' } })).toBe('APIC.7211 limit')
  })

  it('takes an empty filter for none, the first of several, all of a repeatable one, and no unknown one', () => {
    const query = { name: '', group_id: ['g', 'h'], tags: ['a', '', 'b'], other: '1', type: '2' }
    expect(accepted('listApisV2', { query }).query).toEqual({
      offset: 0,
      limit: 20,
      group_id: 'g',
      tags: ['a', 'b'],
      type: 2,
    })
  })

  it('refuses filters that cannot be', () => {
    expect(verdict('listApisV2', { query: { group_id: 'a b' } })).toBe('APIG.2012 group_id')
    expect(verdict('listApisV2', { query: { req_method: 'FETCH' } })).toBe('APIG.2012 req_method')
    expect(verdict('listApisV2', { query: { type: '3' } })).toBe('APIG.2012 type')
    expect(verdict('listApisV2', { query: { name: 'a\0' } })).toBe('APIG.2012 name')
    expect(verdict('listAppsV2', { query: { name: 'a\0' } })).toBe('APIG.2011 name')
    expect(verdict('listCustomIngressPorts', { query: { ingress_port: '80' } })).toBe('APIC.7211 ingressPort')
  })

  it('has what is mandatory', () => {
    expect(verdict('listApisBindedToRequestThrottlingPolicyV2', { query: { throttle_id: '' } })).toBe(
      'APIG.2012 throttle_id',
    )
    expect(refused('batchDeleteAclV2', { query: { action: 'remove' } }).message).toBe(
      'Invalid parameter value: parameter action should be "delete"',
    )
    expect(refused('batchDisassociateThrottlingPolicyV2', { query: { action: '' } }).message).toBe(
      'parameter action should be "delete"',
    )
    expect(refused('batchPublishOrOfflineApiV2', { query: { action: 'x' }, body: {} }).message).toBe(
      'Invalid parameter value: parameter action should be "online" or "offline"',
    )
  })
})

describe('the path', () => {
  it('accepts whatever may be the id of something that is not there', () => {
    for (const id of ['0', 'DEFAULT_ENVIRONMENT_RELEASE_ID', '9b2c1f0e-66f1-4f3c-8e7e-d1c1b2a3f4e5', 'x'.repeat(64)])
      expect(accepted('showDetailsOfApiGroupV2', { path: { group_id: id } }).path.group_id).toBe(id)
  })

  it('names what cannot be an id as the operation does', () => {
    const bad = 'a.b'
    expect(verdict('showDetailsOfApiGroupV2', { path: { group_id: 'x'.repeat(65) } })).toBe('APIG.2012 group_id')
    expect(verdict('showDetailsOfAppV2', { path: { app_id: bad } })).toBe('APIG.2012 id')
    expect(verdict('listAppCodesV2', { path: { app_id: bad } })).toBe('APIG.2012 app_id')
    expect(verdict('deleteAclV2', { path: { acl_id: bad } })).toBe('APIG.2011 id')
    expect(verdict('deleteApiV2', { path: { instance_id: bad, api_id: bad } })).toBe('APIG.2012 instance_id')
    expect(verdict('showDetailsOfInstanceV2', { path: { instance_id: bad } })).toBe('APIC.7211 instanceId')
    expect(verdict('deleteCustomIngressPort', { path: { ingress_port_id: bad } })).toBe('APIC.7211 ingress_port_id')
    expect(verdict('showDetailsOfGatewayResponseTypeV2', { path: { response_type: 'NOPE' } })).toBe(
      'APIG.2012 response_type',
    )
  })

  it('is judged before the query, and the query before the body', () => {
    const query = { action: 'x' }
    expect(verdict('batchDeleteAclV2', { path: { instance_id: '.' }, query, body: {} })).toBe('APIG.2012 instance_id')
    expect(verdict('batchDeleteAclV2', { query, body: { acls: 5 } })).toMatch('APIG.2011')
  })
})
