/**
 * How each family of official clients signs (authentication.md §2.4), written down independently of our signer: which
 * headers are in the list, in which form the path is signed, what the payload is, what is added after signing.
 */
import { createHash, createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { verdictOf, type Received } from '../../test/received-request.js'
import { gatewayRules, managementRules } from './verify.js'

interface Client {
  name: string
  /** Headers that are sent; those in `signed` are in the list. */
  headers: Record<string, string>
  signed: string[]
  path: 'raw' | 'decoded'
  /** Added once the signature is made. */
  later?: Record<string, string>
}

const sent = {
  host: 'apig.test:8443',
  'content-type': 'application/json;charset=utf8',
  accept: '*/*',
  'user-agent': 'golangsdk/2.0.0  (x; y) terraform-provider/1.2',
  'x-sdk-date': '20260131T101500Z',
  'x-project-id': 'p1',
}

const clients: Client[] = [
  { name: 'Node', headers: sent, signed: ['content-type', 'host', 'x-project-id', 'x-sdk-date'], path: 'raw' },
  { name: 'Node, multipart', headers: sent, signed: ['host', 'x-project-id', 'x-sdk-date'], path: 'raw' },
  { name: 'Go', headers: sent, signed: ['content-type', 'x-project-id', 'x-sdk-date'], path: 'decoded' },
  { name: 'Go with host', headers: sent, signed: ['content-type', 'host', 'x-sdk-date'], path: 'decoded' },
  { name: 'Java', headers: sent, signed: ['host', 'user-agent', 'x-project-id', 'x-sdk-date'], path: 'decoded' },
  {
    name: 'golangsdk',
    headers: sent,
    signed: ['accept', 'content-type', 'user-agent', 'x-sdk-date'],
    path: 'decoded',
    later: { 'X-Domain-Id': 'd1', 'X-Security-Token': 't', 'X-Auth-Token': 'u' },
  },
  { name: 'the least that is legal', headers: sent, signed: ['x-sdk-date'], path: 'decoded' },
]

const secret = 'secret-of-the-clients'
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())

interface Message {
  method: string
  path: string
  query: [string, string][]
  body: string
  headers?: Record<string, string>
}

function send(client: Client, message: Message): Received {
  const headers = { ...client.headers, ...message.headers }
  const names = [...new Set([...client.signed, ...Object.keys(message.headers ?? {})])].sort()
  const segments = message.path
    .split('/')
    .map((part) => encode(client.path === 'raw' ? part : decodeURIComponent(part)))
  const query = [...message.query]
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
  const canonical = [
    message.method,
    segments.join('/').replace(/\/?$/, '/'),
    query,
    ...names.map((name) => `${name}:${headers[name as keyof typeof headers]}`),
    '',
    names.join(';'),
    headers['x-sdk-content-sha256' as keyof typeof headers] ??
      createHash('sha256').update(message.body, 'latin1').digest('hex'),
  ].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const signature = createHmac('sha256', secret).update(`SDK-HMAC-SHA256\n20260131T101500Z\n${digest}`).digest('hex')
  return {
    method: message.method,
    path: message.path,
    query,
    headers: [
      ...Object.entries(headers),
      ...Object.entries(client.later ?? {}),
      ['Authorization', `SDK-HMAC-SHA256 Access=ak, SignedHeaders=${names.join(';')}, Signature=${signature}`],
    ],
    body: message.body,
  }
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
