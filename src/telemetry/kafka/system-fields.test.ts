import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { systemFields } from './system-fields.js'

const api = {
  ...{ apiId: 'a1', apiName: 'orders', authType: 'APP', uriMode: 'NORMAL', region: 'local-1' },
  pathOf: (sent: string) => sent.replaceAll('%2F', '/'),
}

test('the second way to authenticate is that of the access log', () => {
  const read = systemFields({ access_model2: true }, api)
  const record = anExchange()
  expect(read(record)).toMatchObject({ access_model2: null })
  record.secondFactor = 'authorizer1'
  expect(read(record)).toMatchObject({ access_model2: 'authorizer1' })
})

test('what a PROXY header said is that of the access log', () => {
  const names = ['proxy_protocol_vni', 'proxy_protocol_vpce_id', 'proxy_protocol_addr']
  const read = systemFields(Object.fromEntries(names.map((name) => [name, true])), api)
  const told = (proxyFields: string) => {
    const record = anExchange()
    const values = read(Object.assign(record, { connection: { ...record.connection, proxyFields } }))
    return names.map((name) => values[name])
  }
  expect(told('4711 vpce-1 203.0.113.7')).toEqual(['4711', 'vpce-1', '203.0.113.7'])
  expect(told('- - -')).toEqual([null, null, null])
})

test('what switches do not name is as by default, and what they name besides means nothing', () => {
  const values = systemFields({ uri: false, api_id: true, made_up: true }, api)(anExchange())
  expect(values).toMatchObject({ api_id: 'a1', http_status: 0 })
  expect(values).not.toHaveProperty('uri')
  expect(values).not.toHaveProperty('made_up')
})

test.each([
  ['/a%2Fb', '/a/b'],
  ['/a%2Fb?c=%2F&apikey=1', '/a/b?c=%2F&apikey=***'],
])('of the target %s the path is told as the instance says', (target, uri) => {
  expect(systemFields({}, api)(anExchange({ target }))).toMatchObject({ uri })
})
