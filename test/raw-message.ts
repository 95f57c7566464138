/**
 * Reads well-formed HTTP/1.1 messages off a byte string, for tests that look at bytes. It is deliberately another
 * reader than the engine's: what it cannot read is a failure of the test.
 */

export interface RawMessage {
  /** Start line and header lines, without the empty line. */
  readonly head: string
  readonly startLine: string
  /** Lower-case name and value, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Content without framing. */
  readonly body: string
  /** The message as it came. */
  readonly raw: string
}

/** What ends the body when the head does not say: nothing at all (`none`), or the end of the bytes (`close`). */
type Otherwise = 'none' | 'close'

/** The first message of `text`; undefined while it is incomplete. `bodyless`: the head is all, whatever it declares. */
export function readMessage(
  text: string,
  ended: boolean,
  otherwise: Otherwise,
  bodyless: boolean,
): RawMessage | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd)
  const [startLine = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const message = (body: string, end: number): RawMessage => ({
    head,
    startLine,
    headers,
    body,
    raw: text.slice(0, end),
  })
  const bodyStart = headEnd + 4
  if (bodyless) return message('', bodyStart)
  const header = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1]
  if (header('transfer-encoding') === 'chunked') {
    const chunked = readChunks(text, bodyStart)
    return chunked === undefined ? undefined : message(chunked.body, chunked.end)
  }
  const length = header('content-length')
  if (length !== undefined) {
    const end = bodyStart + Number(length)
    return text.length < end ? undefined : message(text.slice(bodyStart, end), end)
  }
  if (otherwise === 'none') return message('', bodyStart)
  return ended ? message(text.slice(bodyStart), text.length) : undefined
}

function readChunks(text: string, start: number): { body: string; end: number } | undefined {
  let body = ''
  let at = start
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    at = lineEnd + 2
    if (text.length < at + size + 2) return undefined
    body += text.slice(at, at + size)
    if (text.slice(at + size, at + size + 2) !== '\r\n')
      throw new Error(`a chunk of ${size} does not end where it should`)
    at += size + 2
    if (size === 0) return { body, end: at }
  }
}

/** All replies in `text`, given the methods of the requests they answer; interim replies come with them. */
export function readReplies(text: string, ended: boolean, methods: readonly string[]): RawMessage[] {
  const replies: RawMessage[] = []
  let rest = text
  let final = 0
  while (rest !== '') {
    const status = Number(rest.slice(9, 12))
    const bodyless = status < 200 || status === 204 || status === 304 || methods[final] === 'HEAD'
    const reply = readMessage(rest, ended, 'close', bodyless)
    if (reply === undefined) break
    replies.push(reply)
    rest = rest.slice(reply.raw.length)
    if (status >= 200) final++
  }
  return replies
}
