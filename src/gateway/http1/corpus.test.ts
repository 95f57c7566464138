/**
 * Plays every file of `corpus/` against a real engine and a real backend: whole, byte by byte, and cut in two, here at
 * some positions, by `npm run torture` at every one.
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Case, parseCase } from '../../../test/corpus.js'
import { type RawMessage, readReplies } from '../../../test/raw-message.js'
import { OK, eventually, rawBackend, rawClient, turn } from '../../../test/raw-peers.js'
import { testEngine } from '../../../test/raw-engine.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'

const EVERY_CUT = process.env['SLUICE_TORTURE'] === 'every cut'
const folder = path.join(import.meta.dirname, 'corpus')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.http'))

/** `/own` is answered by the gateway, `/collect` after it has read the body, `/collected` is sent on with it. */
async function begin(exchange: Exchange): Promise<Reply | undefined> {
  const outcome = await exchange.connection.collectBody(exchange, 100)
  if (outcome !== 'ok') return { status: 413, headers: '', body: outcome }
  if (exchange.head.path === '/collected') return undefined
  return { status: 200, headers: '', body: `collected ${exchange.body?.toString('latin1') ?? ''}` }
}

function play(exchange: Exchange): Reply | Promise<Reply | undefined> | undefined {
  if (exchange.head.path.startsWith('/collect')) return begin(exchange)
  return exchange.head.path === '/own' ? { status: 200, headers: 'X-Own: yes\r\n', body: 'own' } : undefined
}

interface Outcome {
  readonly replies: readonly RawMessage[]
  readonly received: string
  readonly closed: boolean
}

/** Sends the pieces one by one, each read before the next is written, and waits for all that is expected. */
async function converse(port: number, expected: Case, pieces: readonly string[]): Promise<Outcome> {
  await using client = await rawClient(port)
  for (const piece of pieces) {
    if (client.closed) break
    client.send(piece)
    if (pieces.length > 1) await turn()
  }
  const methods = methodsOf(expected.client)
  const wanted = expected.replies.length
  const received = await client.until((text, closed) =>
    expected.connection === 'open' ? closed || readReplies(text, false, methods).length >= wanted : closed,
  )
  // Whatever else would come has had the time to come.
  await turn()
  return { replies: readReplies(received, client.closed, methods), received, closed: client.closed }
}

function methodsOf(bytes: string): string[] {
  return [...bytes.matchAll(/\b([A-Z]{1,32}) [^ ]+ HTTP\/1\.[01]\r\n/g)].map(([, method = '']) => method)
}

function check(expected: Case, outcome: Outcome): void {
  expect(outcome.replies.map(({ startLine }) => Number(startLine.slice(9, 12)))).toEqual(
    expected.replies.map(({ status }) => status),
  )
  for (const [index, wanted] of expected.replies.entries()) {
    const reply = outcome.replies[index]
    if (reply === undefined) continue
    if (wanted.text.startsWith('APIG.')) {
      const requestId = reply.headers.find(([name]) => name === 'x-request-id')?.[1]
      expect(JSON.parse(reply.body)).toMatchObject({ error_code: wanted.text, request_id: requestId })
    } else {
      expect(reply.body).toBe(wanted.text === '(no body)' ? '' : wanted.text)
    }
    const lines = reply.head.split('\r\n')
    for (const line of wanted.with) expect(lines).toContain(line)
    for (const name of wanted.without) expect(reply.headers.map(([key]) => key)).not.toContain(name)
    if (wanted.status >= 200) expect(lines.filter((line) => line === 'Server: api-gateway')).toHaveLength(1)
  }
  expect(outcome.closed).toBe(expected.connection !== 'open')
  const complete = outcome.replies.map(({ raw }) => raw).join('')
  if (expected.connection === 'cut') expect(outcome.received.length).toBeGreaterThanOrEqual(complete.length)
  else expect(outcome.received).toBe(complete)
}

describe.each(files)('%s', (file) => {
  const expected = parseCase(readFileSync(path.join(folder, file), 'utf8'))

  async function run(cuts: Iterable<readonly string[]>): Promise<void> {
    let first = 0
    await using backend = await rawBackend((_, index) => expected.answers[index - first] ?? { bytes: OK })
    // Hundreds of pieces take a busy machine longer than a client may take for a head.
    await using gateway = await testEngine(backend.port, { begin: play, options: { headTimeout: 120_000 } })
    for (const pieces of cuts) {
      first = backend.requests.length
      const start = backend.received.length
      const outcome = await converse(gateway.port, expected, pieces)
      check(expected, outcome)
      if (expected.backend === '(nothing complete)') {
        expect(backend.requests).toHaveLength(first)
      } else {
        const seen = (): string => withoutForwarded(backend.received.slice(start), gateway.port)
        const wanted = expected.backend === '(nothing)' ? '' : expected.backend
        await eventually(() => seen().length >= wanted.length)
        expect(seen()).toBe(wanted)
      }
    }
    await eventually(() => gateway.engine.inFlight === 0)
    expect(gateway.faults).toEqual([])
  }

  // What is long is cut into a few hundred pieces: its bytes have nothing to tell that their neighbours do not.
  const { client } = expected
  const step = Math.ceil(client.length / 400)
  const cutStep = EVERY_CUT ? step : Math.ceil(client.length / 10)

  test('whole', () => run([[client]]))

  test('byte by byte', () => {
    const pieces: string[] = []
    for (let at = 0; at < client.length; at += step) pieces.push(client.slice(at, at + step))
    return run([pieces])
  })

  test('cut in two', () => {
    const cuts: string[][] = []
    for (let at = 1; at < client.length; at += cutStep) cuts.push([client.slice(0, at), client.slice(at)])
    return run(cuts)
  })
})

/** Replaces the lines that the gateway adds by one word; they must be there, once, and say what is true. */
function withoutForwarded(received: string, port: number): string {
  return received.replace(
    new RegExp(
      'X-Forwarded-For: ([^\\r]*)127\\.0\\.0\\.1\\r\\nX-Real-IP: 127\\.0\\.0\\.1\\r\\nX-Forwarded-Proto: http\\r\\n' +
        `X-Forwarded-Port: ${port}\\r\\n(?:X-Forwarded-Host: ([^\\r]*)\\r\\n)?X-Request-Id: [0-9a-f]{32}\\r\\n`,
      'g',
    ),
    (_, chain: string, host: string | undefined) => {
      const before = chain === '' ? '' : ` for ${chain.replace(/, $/, '')}`
      return `(forwarded${host === undefined || host === 'shop.example' ? '' : ` host ${host}`}${before})`
    },
  )
}
