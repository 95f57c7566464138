/**
 * Corpus files: what arrives, what the backend must see, what the client must see.
 *
 * ```
 * # Why this case exists.
 * >>> client                  bytes; the line ends of the file are not among them
 * GET / HTTP/1.1\r\n
 * >>> backend answers         bytes for the next request (default: 200, `ok`); "(close)" ends the connection
 * >>> backend                 all it got, "(forwarded)" for the lines that the gateway adds; or "(nothing)"
 * >>> reply                   one paragraph per reply: `200 ok`, `400 APIG.0201` or `200 (no body)`, then header lines
 * 200 ok                      that it must have, or with a leading `-` must not have
 * (connection open)           or "(connection closed)", or "(connection cut)": closed within a reply
 * ```
 *
 * Escapes: `\r \n \t \0 \\ \xHH`, and `\{1000*abc}` for a thousand times `abc`.
 */

export interface Case {
  readonly client: string
  readonly answers: readonly { readonly bytes: string; readonly close: boolean }[]
  readonly backend: string
  readonly replies: readonly ExpectedReply[]
  readonly connection: 'open' | 'closed' | 'cut'
}

export interface ExpectedReply {
  readonly status: number
  readonly text: string
  readonly with: readonly string[]
  readonly without: readonly string[]
}

export function parseCase(source: string): Case {
  let client = ''
  let backend = ''
  const answers: { bytes: string; close: boolean }[] = []
  const replyLines: string[] = []
  for (const [title, lines] of sections(source)) {
    const bytes = lines.map(unescape).join('')
    if (title === 'client') client += bytes
    else if (title === 'backend') backend += bytes
    else if (title === 'reply') replyLines.push(...lines)
    else if (title === 'backend answers') {
      answers.push({ bytes: bytes.replace('(close)', ''), close: bytes.includes('(close)') })
    } else throw new Error(`no section is named ${title}`)
  }
  const last = /^\(connection (open|closed|cut)\)$/.exec(replyLines.pop() ?? '')?.[1]
  if (last !== 'open' && last !== 'closed' && last !== 'cut')
    throw new Error('a reply ends with what becomes of the connection')
  return { client, backend, answers, replies: expectedReplies(replyLines), connection: last }
}

function sections(source: string): [string, string[]][] {
  const found: [string, string[]][] = []
  for (const line of source.split('\n')) {
    const title = /^>>> (.+)$/.exec(line)?.[1]
    if (title !== undefined) found.push([title, []])
    else if (!line.startsWith('#') && line !== '') found.at(-1)?.[1].push(line)
  }
  return found
}

function expectedReplies(lines: readonly string[]): ExpectedReply[] {
  const replies: (ExpectedReply & { with: string[]; without: string[] })[] = []
  for (const line of lines) {
    const start = /^(\d{3})(?: (.*))?$/.exec(line)
    if (start !== null)
      replies.push({ status: Number(start[1]), text: unescape(start[2] ?? ''), with: [], without: [] })
    else if (line.startsWith('-')) replies.at(-1)?.without.push(line.slice(1).toLowerCase())
    else replies.at(-1)?.with.push(line)
  }
  return replies
}

function unescape(line: string): string {
  return line.replace(
    /\\(?:([rnt0\\])|x([0-9a-fA-F]{2})|\{(\d+)\*([^}]*)\})/g,
    (_, letter: string | undefined, hex: string | undefined, times: string | undefined, text: string | undefined) => {
      if (letter !== undefined) return { r: '\r', n: '\n', t: '\t', '0': '\0' }[letter] ?? '\\'
      return hex !== undefined
        ? String.fromCharCode(Number.parseInt(hex, 16))
        : unescape(text ?? '').repeat(Number(times))
    },
  )
}
