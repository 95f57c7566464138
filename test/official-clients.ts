/**
 * How each family of official clients signs (authentication.md §2.4), written down independently of our signer: which
 * headers are in the list, in which form the path is signed, what the payload is, what is added after signing.
 */
import { createHash, createHmac } from 'node:crypto'

export interface Client {
  readonly name: string
  /** Headers that are in the list. */
  readonly signed: readonly string[]
  readonly path: 'raw' | 'decoded'
  /** Added once the signature is made. */
  readonly later?: Readonly<Record<string, string>>
}

export const clients: readonly Client[] = [
  {
    name: 'Python',
    signed: ['accept', 'content-type', 'host', 'user-agent', 'x-project-id', 'x-sdk-date'],
    path: 'decoded',
  },
  { name: 'Node', signed: ['content-type', 'host', 'x-project-id', 'x-sdk-date'], path: 'raw' },
  { name: 'Node, multipart', signed: ['host', 'x-project-id', 'x-sdk-date'], path: 'raw' },
  { name: 'Go', signed: ['content-type', 'x-project-id', 'x-sdk-date'], path: 'decoded' },
  { name: 'Go with host', signed: ['content-type', 'host', 'x-sdk-date'], path: 'decoded' },
  { name: 'Java', signed: ['host', 'user-agent', 'x-project-id', 'x-sdk-date'], path: 'decoded' },
  {
    name: 'golangsdk',
    signed: ['accept', 'content-type', 'user-agent', 'x-sdk-date'],
    path: 'decoded',
    later: { 'x-domain-id': 'd1' },
  },
  { name: 'the least that is legal', signed: ['x-sdk-date'], path: 'decoded' },
]

export interface Message {
  readonly method: string
  /** As it is on the wire. */
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  /** Octets, one per character. */
  readonly body: string
  /** Signed as well. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Sender {
  readonly accessKey: string
  readonly secretKey: string
  readonly host: string
  readonly projectId: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The query and the headers with which the client sends the message. */
export function signedBy(
  client: Client,
  message: Message,
  sender: Sender,
): { readonly query: string; readonly headers: Readonly<Record<string, string>> } {
  const date = new Date(sender.now).toISOString().replace(/[-:]|\.\d+/g, '')
  const headers: Record<string, string> = {
    host: sender.host,
    'content-type': 'application/json;charset=utf8',
    accept: '*/*',
    'user-agent': 'golangsdk/2.0.0  (x; y) terraform-provider/1.2',
    'x-sdk-date': date,
    'x-project-id': sender.projectId,
    ...message.headers,
  }
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
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    headers['x-sdk-content-sha256'] ?? createHash('sha256').update(message.body, 'latin1').digest('hex'),
  ].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const signature = createHmac('sha256', sender.secretKey).update(`SDK-HMAC-SHA256\n${date}\n${digest}`).digest('hex')
  const authorization = `SDK-HMAC-SHA256 Access=${sender.accessKey}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { query, headers: { ...headers, ...client.later, authorization } }
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase())
