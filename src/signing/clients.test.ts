import { describe, expect, test } from 'vitest'
import { clients, signedBy, type Client, type Message } from '../../test/official-clients.js'
import { verdictOf, type Received } from '../../test/received-request.js'
import { gatewayRules, managementRules } from './verify.js'

const secret = 'secret-of-the-clients'
const sender = {
  accessKey: 'ak',
  secretKey: secret,
  host: 'apig.test:8443',
  projectId: 'p1',
  now: Date.UTC(2026, 0, 31, 10, 15),
}

function send(client: Client, message: Message): Received {
  const { query, headers } = signedBy(client, message, sender)
  const later = client.later === undefined ? {} : { 'X-Security-Token': 't', 'X-Auth-Token': 'u' }
  return { ...message, query, headers: Object.entries({ ...headers, ...later }) }
}

const path = '/v2/p1/apigw/instances/i1/apps'
const messages: Record<string, Message> = {
  'a GET with a blank in the query': {
    method: 'GET',
    path,
    query: [
      ['name', 'a b'],
      ['limit', '5'],
    ],
    body: '',
  },
  'a GET with the body {}': { method: 'GET', path, query: [], body: '{}' },
  'a DELETE with the body {}': { method: 'DELETE', path: path + '/a1', query: [], body: '{}' },
  'a POST whose body ends in LF': { method: 'POST', path, query: [], body: '{"remark":"<&>"}\n' },
  'a repeated parameter': {
    method: 'GET',
    path,
    query: [
      ['tags', 'b'],
      ['tags', 'a'],
      ['offset', '0'],
    ],
    body: '',
  },
  'an escaped path': { method: 'GET', path: '/v2/p1/a%20b', query: [], body: '' },
  'an unsigned payload': {
    method: 'POST',
    path,
    query: [],
    body: '--x--\r\n',
    headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' },
  },
  'an unsigned payload without a body': {
    method: 'POST',
    path,
    query: [],
    body: '',
    headers: { 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' },
  },
}

describe.each(clients)('$name', (client) => {
  test.each(Object.entries(messages))('%s', (_, message) => {
    const request = send(client, message)

    expect(verdictOf(request, secret, managementRules)).toBe('ok')
    const ambiguous = client.path === 'raw' && message.path.includes('%')
    expect(verdictOf(request, secret, gatewayRules)).toBe(ambiguous ? 'bad-signature' : 'ok')
  })

  test('one byte of the body changed', () => {
    const request = send(client, { method: 'POST', path, query: [], body: '{"name":"a"}\n' })
    expect(verdictOf({ ...request, body: '{"name":"b"}\n' }, secret, managementRules)).toBe('bad-signature')
  })
})
