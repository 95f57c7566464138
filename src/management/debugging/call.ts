/** One real call of the gateway, recorded as it went. */
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { utf8, type DebugRequest } from './request.js'

export interface GatewayTarget {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** Name by which the gateway picks its certificate. */
  readonly serverName: string
}

export interface GatewayAnswer {
  /** Undefined when there was none. */
  readonly status: number | undefined
  /** Status line, header lines and body, separated by line feeds; empty when there was none. */
  readonly text: string
  readonly headers: IncomingMessage['headers']
  /** Milliseconds. */
  readonly latency: number
  /** Why there is no answer, or not all of it. */
  readonly failure: string | undefined
}

/** Bytes of a body that are shown. */
const LARGEST_BODY = 2 * 1024 * 1024
const TRUNCATED = '[TRUNCATED]'

/** Milliseconds that a call may take. */
const LONGEST = 60_000

/** Never rejects: that the gateway cannot be reached is an answer as well. */
export function callGateway(target: GatewayTarget, call: DebugRequest, longest = LONGEST): Promise<GatewayAnswer> {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    let response: IncomingMessage | undefined
    const pieces: Buffer[] = []
    let size = 0
    const sent = open(target, call)
    const end = (failure: string | undefined): void => {
      clearTimeout(timer)
      const latency = Math.round(performance.now() - startedAt)
      const body = Buffer.concat(pieces)
      const shown = size > LARGEST_BODY ? body.subarray(0, LARGEST_BODY).toString() + TRUNCATED : body.toString()
      resolve({
        status: response?.statusCode,
        text: response === undefined ? '' : headText(response) + shown,
        headers: response?.headers ?? {},
        latency,
        failure,
      })
      sent.destroy()
    }
    const timer = setTimeout(() => end(`no answer within ${longest / 1000} s`), longest)
    sent.on('error', (error) => end(error.message))
    sent.on('response', (incoming) => {
      response = incoming
      incoming.on('data', (piece: Buffer) => {
        size += piece.length
        pieces.push(piece)
        if (size > LARGEST_BODY) end(undefined)
      })
      incoming.on('error', (error) => end(error.message))
      incoming.on('end', () => end(undefined))
    })
    sent.end(call.body)
  })
}

function open({ host, port, secure, serverName }: GatewayTarget, call: DebugRequest): ClientRequest {
  const options: RequestOptions = { host, port, method: call.method, path: call.target, agent: false, setHost: false }
  // Whom the certificate names is no question of the API's: the gateway is this product's own.
  const sent = secure
    ? httpsRequest({ ...options, servername: serverName, rejectUnauthorized: false })
    : httpRequest(options)
  const values = new Map<string, string[]>()
  for (const [name, value] of call.headers) values.set(name, [...(values.get(name) ?? []), value])
  for (const [name, all] of values) sent.setHeader(name, all.length === 1 ? (all[0] ?? '') : all)
  // What is shown is what is sent: nothing is added on the way.
  sent.removeHeader('Connection')
  if (call.body.length === 0) sent.removeHeader('Transfer-Encoding')
  return sent
}

function headText({ httpVersion, statusCode = 0, statusMessage = '', rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at] ?? ''}: ${utf8(rawHeaders[at + 1] ?? '')}`)
  return `${lines.join('\n')}\n\n`
}
