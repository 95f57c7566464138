/** System parameters that only some exchanges have: backends.md §4.2. */
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { publicationPart } from '../../../test/parts.js'
import { systemValue } from './system-parameters.js'

const server = { address: '192.0.2.1', name: 'gateway-1' }

test.each([
  ['$context.authorizer.frontend.role', 'admin'],
  ['authorizer.frontend.role', 'admin'],
  ['$context.authorizer.frontend.other', ''],
  ['$context.member_group_id', 'blue'],
  ['$context.member_group_name', '\xc3\xa4'],
])('%s', (name, expected) => {
  const value = systemValue(name, publicationPart(), 'RELEASE', server)
  if (typeof value === 'string') throw new Error('It is known before anybody calls.')
  const exchange = anExchange()
  expect(value(exchange)).toBe('')
  exchange.frontendContext = new Map([['role', 'admin']])
  exchange.memberGroup = { id: 'blue', name: 'ä' }
  expect(value(exchange)).toBe(expected)
})
