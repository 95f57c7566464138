/** HTTP to HTTPS (routing.md §2, §8 check 8; request-lifecycle.md §5 check 6). */
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway } from '../../../test/gateway.js'
import { change, groupDomain, groupPart, instancePart, mockBackend, type ApiSpec } from '../../../test/parts.js'
import { certificatePart, secureOptions } from '../../../test/secure-call.js'
import type { GroupDomain } from '../../snapshot/parts.js'

const mock = mockBackend()

function redirecting(domain: Partial<GroupDomain> = {}, api: ApiSpec = {}) {
  const list = [groupDomain({ name: 'a.com', redirectToHttps: true, certificateIds: ['c1'], ...domain })]
  return gateway({
    api: { req_protocol: 'HTTPS', req_method: 'ANY', req_uri: '/{p+}', backend: mock, ...api },
    parts: [groupPart({ domains: list }), certificatePart('c1', certificate({ san: ['a.com'] }))],
    options: secureOptions(),
  })
}

test('routing.md 8: an HTTPS API over HTTP is refused, or redirected where the domain says so', async () => {
  await using off = await redirecting({ redirectToHttps: false })
  const refused = await off.get('/orders', { host: 'a.com' })
  expect([refused.status, refused.code]).toEqual([400, 'APIG.0607'])
  await using on = await redirecting()
  for (const method of ['GET', 'HEAD', 'POST']) {
    const { status, headers } = await on.call(method, '/orders?b=2&a=1', { host: 'a.com' })
    expect([status, headers.location]).toEqual([301, 'https://a.com/orders?b=2&a=1'])
  }
})

test('request-lifecycle.md 6: before the caller is asked who it is, and not before the API is found', async () => {
  await using gw = await redirecting({}, { auth_type: 'APP', req_protocol: 'BOTH', req_uri: '/orders' })
  const late = await gw.signed('GET', '/orders', { host: 'a.com', date: 0 })
  expect([late.status, late.headers.location]).toEqual([301, 'https://a.com/orders'])
  expect((await gw.get('/orders', { host: 'a.com', headers: { Authorization: 'nonsense' } })).status).toBe(301)
  expect((await gw.get('/nothing', { host: 'a.com' })).status).toBe(404)
})

test.each([
  ['an API that is HTTP only', {}, { req_protocol: 'HTTP' }, 200],
  ['a domain without a certificate', { certificateIds: [] }, {}, 400],
  ['a domain that is not bound for HTTPS', { httpsPort: -1 }, {}, 400],
] as const)('not for %s', async (_name, domain, api, status) => {
  await using gw = await redirecting(domain, api)
  expect((await gw.get('/orders', { host: 'a.com' })).status).toBe(status)
})

test('the port is that of the domain; the gateway’s own where the caller has named one', async () => {
  await using gw = await redirecting()
  const own = gw.gateway.secureAddresses[0]?.port ?? 0
  const location = async (host: string) => (await gw.get('/x', { host })).headers.location
  expect(await location('a.com:8000')).toBe(`https://a.com:${own}/x`)
  expect(await location('a.com:80')).toBe('https://a.com/x')
  expect(await location('A.com.')).toBe('https://A.com./x')
  await using custom = await redirecting({ httpsPort: 9443 })
  expect((await custom.get('/x', { host: 'a.com' })).headers.location).toBe('https://a.com:9443/x')
})

test('the path is decoded and encoded again; the query is as it came', async () => {
  await using gw = await redirecting()
  const { headers } = await gw.get('/a%2Fb/%61%20%E4/ü?q=%61%2F'.replace('ü', '%fc'), { host: 'a.com' })
  expect(headers.location).toBe('https://a.com/a/b/a%20%E4/%FC?q=%61%2F')
  await gw.apply(change([instancePart({ features: { api_uri_no_escape: { enable: true, config: 'on' } } })]))
  const asSent = await gw.get('/a%2Fb/%61', { host: 'a.com' })
  expect(asSent.headers.location).toBe('https://a.com/a%2Fb/%61')
})
