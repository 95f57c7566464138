/** An exchange without a connection, for what can be asked of a step alone. */
import { Exchange, type RequestHead } from '../src/gateway/exchange.js'

export interface ExchangeSpec {
  readonly method?: string
  readonly target?: string
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly from?: string
  readonly secure?: boolean
  readonly pathValues?: readonly string[]
  readonly pathRest?: string
}

export function anExchange(spec: ExchangeSpec = {}): Exchange {
  const { method = 'GET', target = '/orders', headers = {}, from = '127.0.0.1', secure = false } = spec
  const [path = '', ...query] = target.split('?')
  const head: RequestHead = {
    method,
    target,
    path,
    query: query.join('?'),
    minorVersion: 1,
    host: headers['host'] ?? 'g1.apic.test',
    header: (name) => headers[name],
    headers: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    hasAny: (names) => Object.keys(headers).some((name) => names.has(name.replace(/[_.]/g, '-'))),
    eachHeader: (visit) => Object.entries(headers).forEach(([name, value]) => visit(name, value)),
    contentLength: 0,
  }
  const collectBody = () => Promise.reject(new Error('This exchange has no body.'))
  const connection = { collectBody, proxyFields: '- - -' }
  const id = '0123456789abcdef0123456789abcdef'
  const exchange = new Exchange(connection, id, Date.now(), performance.now(), head, from, 80, secure, {
    bodyLimit: 1000,
    bodyTimeout: 1000,
  })
  exchange.pathValues = spec.pathValues ?? []
  exchange.pathRest = spec.pathRest ?? ''
  return exchange
}
