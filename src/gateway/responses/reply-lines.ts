/** Header lines of a reply that is about to be sent, for what reads and changes them (phase 37). */
import type { Exchange } from '../exchange.js'
import type { BackendHead } from '../handler.js'
import type { Reply } from '../reply.js'

/** Runs for every reply of a route, in HTTP/1.1, HTTP/2 and gRPC alike. */
export type ReplyStep = (lines: ReplyLines, exchange: Exchange) => void

/** What frames a message is the engine's alone. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What one step has changed, the next one sees. */
export class ReplyLines {
  constructor(
    private readonly exchange: Exchange,
    private readonly reply: Reply | BackendHead,
  ) {}

  /** Values of all lines with a lower-case name, in order. */
  values(name: string): string[] {
    const { replyHeaders, withheld } = this.exchange
    const values: string[] = []
    const collect = (line: string, value: string): void => {
      if (line.length === name.length && line.toLowerCase() === name) values.push(value)
    }
    if (withheld?.has(name) !== true) eachHeader(this.reply, collect)
    if (replyHeaders !== '') eachLine(replyHeaders, collect)
    return values
  }

  /** The gateway made the reply. */
  get isOwn(): boolean {
    return isOwn(this.reply)
  }

  /** Bytes of body; undefined where the backend has not declared it. */
  get bodySize(): number | undefined {
    if (isOwn(this.reply)) return Buffer.byteLength(this.reply.body)
    const [declared] = this.values('content-length')
    return declared === undefined ? undefined : Number(declared)
  }

  has(name: string): boolean {
    return this.values(name).length > 0
  }

  /** Removes all lines with a lower-case name. */
  remove(name: string): void {
    if (!FRAMING.has(name)) this.removeAll(new Set([name]))
  }

  /** @param names in lower case, none of them of the framing; the set is kept, and not changed */
  removeAll(names: ReadonlySet<string>): void {
    const { exchange } = this
    const { withheld } = exchange
    exchange.withheld = withheld === undefined ? names : new Set([...withheld, ...names])
    exchange.replyHeaders = linesWithout(exchange.replyHeaders, names)
  }

  /** Adds one line. A value that would end it is cut there. */
  add(name: string, value: string): void {
    if (FRAMING.has(name.toLowerCase())) return
    this.exchange.replyHeaders += `${name}: ${value.replace(/[\r\n\0].*/s, '')}\r\n`
  }
}

/** Whether the gateway made the reply. */
export function isOwn(reply: Reply | BackendHead): reply is Reply {
  return 'body' in reply
}

/** Visits the header lines of a reply, whoever made it. */
export function eachHeader(reply: Reply | BackendHead, visit: (name: string, value: string) => void): void {
  if (isOwn(reply)) eachLine(reply.headers, visit)
  else reply.eachHeader(visit)
}

/** Ready lines, but for those with one of the lower-case names. */
export function linesWithout(lines: string, names: ReadonlySet<string> | undefined): string {
  if (names === undefined || lines === '') return lines
  let kept = ''
  eachLine(lines, (name, value) => {
    if (!names.has(name.toLowerCase())) kept += `${name}: ${value}\r\n`
  })
  return kept
}

function eachLine(lines: string, visit: (name: string, value: string) => void): void {
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf('\r\n', at)
    const colon = lines.indexOf(':', at)
    if (end === -1 || colon === -1) return
    visit(lines.slice(at, colon), lines.slice(colon + 1, end).trim())
    at = end + 2
  }
}
