/** What no request and no reply may do to the parser, whatever it looks like and however it is cut. */
import fc from 'fast-check'
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyReply, anyRequest } from '../../../test/http1-bytes.js'
import { BodyReader } from './body-reader.js'
import type { ChunkSink } from './chunked.js'
import { MORE } from './header-lines.js'
import { HeldBytes } from './held-bytes.js'
import { Http1RequestHead } from './request-head.js'
import { Http1ResponseHead } from './response-head.js'

/** Seconds for each property; `SLUICE_FUZZ_SECONDS=200` is a proper hunt. */
const seconds = Number(process.env['SLUICE_FUZZ_SECONDS'] ?? 4)
/** As many runs as `share` of the time allows. */
const budget = (share = 1) => ({
  plugins: [fc.interruptAfterTimeLimit(seconds * 1_000 * share)],
  numRuns: Number.MAX_SAFE_INTEGER,
})
const patience = (seconds + 60) * 1_000

interface Parsed {
  readonly heads: { readonly start: string; readonly headers: string[]; body: string; complete: boolean }[]
  end: 'clean' | 'more' | 'refused' | 'closed'
}

class Content implements ChunkSink {
  text = ''
  chunk(): void {
    this.text += '\x01'
  }
  data(bytes: Buffer, start: number, end: number): void {
    this.text += bytes.toString('latin1', start, end)
  }
  chunkEnd(): void {
    this.text += '\x02'
  }
}

type Head = Http1RequestHead | Http1ResponseHead

/** Reads message after message, as the connections do, from pieces of the given sizes. */
function parse(head: Head, text: string, cut: () => number): Parsed {
  const bytes = Buffer.from(text, 'latin1')
  const result: Parsed = { heads: [], end: 'clean' }
  const held = new HeldBytes()
  const body = new BodyReader()
  const content = new Content()
  head.reset()
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + cut())
    held.add(bytes, from, to)
    from = to
    const piece = held.take()
    for (let at = 0; at < piece.length;) {
      if (body.remaining > 0) {
        at = body.read(piece, at, piece.length, content)
        const message = result.heads.at(-1)
        if (message !== undefined) Object.assign(message, { body: content.text, complete: body.done })
        if (at < 0) return { ...result, end: 'refused' }
        if (body.remaining === 0 && !head.keepAlive) return { ...result, end: 'closed' }
        if (body.remaining === 0) head.reset()
        continue
      }
      const position =
        head instanceof Http1RequestHead
          ? head.read(piece, at, piece.length)
          : head.read(piece, at, piece.length, 'GET')
      if (position === MORE) {
        held.add(piece, at, piece.length)
        break
      }
      if (position < 0) return { ...result, end: 'refused' }
      body.reset(head instanceof Http1RequestHead ? head.contentLength : head.bodyLength)
      content.text = ''
      result.heads.push({ start: startOf(head), headers: headersOf(head), body: '', complete: body.done })
      if (body.remaining === 0 && !head.keepAlive) return { ...result, end: 'closed' }
      if (body.remaining === 0) head.reset()
      at = position
    }
  }
  if (held.length > 0 || body.remaining > 0) result.end = 'more'
  return result
}

function startOf(head: Head): string {
  return head instanceof Http1RequestHead ? `${head.method} ${head.target} ${head.host}` : String(head.status)
}

function headersOf(head: Head): string[] {
  const { lines, text } = head
  return Array.from({ length: lines.count }, (_, i) => `${lines.name(i, text)}:${lines.value(i, text)}`)
}

const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 24 }))

test('how bytes are cut never changes how requests are read', { timeout: patience }, () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 3 }), cuts, (requests, sizes) => {
      const text = requests.join('')
      const inPieces = parse(new Http1RequestHead(false), text, () => sizes.next().value as number)
      expect(inPieces).toEqual(parse(new Http1RequestHead(false), text, () => Infinity))
    }),
    budget(),
  )
})

test('how bytes are cut never changes how replies are read', { timeout: patience }, () => {
  fc.assert(
    fc.property(fc.array(anyReply, { minLength: 1, maxLength: 2 }), cuts, (replies, sizes) => {
      const text = replies.join('')
      // Content that goes on until the end has no borders of its own.
      const inPieces = parse(new Http1ResponseHead(), text, () => sizes.next().value as number)
      expect(inPieces).toEqual(parse(new Http1ResponseHead(), text, () => Infinity))
    }),
    budget(),
  )
})

test('arbitrary bytes are refused or wait for more, and never throw', { timeout: patience }, () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1')
      parse(new Http1RequestHead(false), text, () => Infinity)
      parse(new Http1ResponseHead(), text, () => Infinity)
    }),
    budget(1 / 4),
  )
})

/** Node's own parser, llhttp, in its strict mode. */
let node: http.Server
let seen: { method: string; body: string }[] = []
let refused = false

beforeAll(async () => {
  node = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const entry = { method: request.method ?? '', body: '' }
    seen.push(entry)
    request.on('data', (bytes: Buffer) => (entry.body += bytes.toString('latin1')))
    request.on('end', () => response.end())
    request.on('error', () => undefined)
  })
  node.on('clientError', (_error, socket) => {
    refused = true
    socket.destroy()
  })
  await new Promise<void>((resolve) => node.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  node.closeAllConnections()
  node.close()
})

function askNode(text: string): Promise<void> {
  seen = []
  refused = false
  return new Promise((resolve) => {
    const socket = net.connect((node.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.resume()
    socket.end(text, 'latin1')
  })
}

test('what is accepted, llhttp accepts and frames alike', { timeout: patience }, async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.array(anyRequest, { minLength: 1, maxLength: 2 }), async (requests) => {
      const text = requests.join('')
      const ours = parse(new Http1RequestHead(false), text, () => Infinity)
      // llhttp knows registered methods only; for us the API says which methods there are.
      const unknown = ours.heads.findIndex(({ start }) => !http.METHODS.includes(start.slice(0, start.indexOf(' '))))
      const complete = ours.heads.slice(0, unknown < 0 ? undefined : unknown).filter((head) => head.complete)
      if (complete.length === 0) return
      await askNode(text)
      accepted++
      const bodies = complete.map(({ start, body }) => ({
        method: start.slice(0, start.indexOf(' ')),
        body: body.replace(/[\x01\x02]/g, ''),
      }))
      expect(seen.slice(0, bodies.length)).toEqual(bodies)
      if (ours.end === 'clean' && unknown < 0) expect(refused).toBe(false)
    }),
    budget(),
  )
  expect(accepted).toBeGreaterThan(50)
})
