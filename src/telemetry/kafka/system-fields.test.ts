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
