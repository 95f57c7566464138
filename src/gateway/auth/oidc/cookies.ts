/** The cookies of `oidc_auth`: a session, in as many as it needs, and what ties a browser to the logins that it began. */
import { createHash } from 'node:crypto'
import { cookieValue } from '../../backends/cookies.js'
import type { Exchange, RequestHead } from '../../exchange.js'

/** Characters of a value: browsers keep some 4,096 bytes of a cookie with its name and attributes. */
const LONGEST = 3_800
const MOST_PIECES = 8

export class OidcCookies {
  readonly #session: string
  readonly #browser: string

  constructor(pluginId: string) {
    const id = createHash('sha256').update(pluginId).digest('hex').slice(0, 12)
    this.#session = `sluice_oidc_${id}`
    this.#browser = `sluice_oidc_b_${id}`
  }

  readonly isOurs = (name: string): boolean =>
    name === this.#browser || name === this.#session || name.startsWith(`${this.#session}.`)

  /** The sealed session; `undefined` when there is none, or not all of it. */
  session(head: RequestHead): string | undefined {
    const first = cookieValue(head, this.#session)
    if (first === undefined) return undefined
    const [, count = '', text = ''] = /^(\d)~([\w-]*)$/.exec(first) ?? []
    let session = text
    for (let piece = 1; piece < Number(count); piece++) {
      const next = cookieValue(head, `${this.#session}.${piece}`)
      if (next === undefined) return undefined
      session += next
    }
    return session === '' ? undefined : session
  }

  /** Header lines that make a browser keep a session; `undefined` for one that is too large. */
  keepSession(exchange: Exchange, sealed: string): string | undefined {
    const pieces = sealed.match(new RegExp(`.{1,${LONGEST}}`, 'g')) ?? []
    if (pieces.length > MOST_PIECES) return undefined
    const named = pieces.map((piece, index) =>
      index === 0 ? `${this.#session}=${pieces.length}~${piece}` : `${this.#session}.${index}=${piece}`,
    )
    return named.map((pair) => line(exchange, pair)).join('')
  }

  /** Header lines that make a browser forget the session that it has sent. */
  forgetSession(exchange: Exchange): string {
    const pieces = [this.#session, ...Array.from({ length: MOST_PIECES - 1 }, (_, at) => `${this.#session}.${at + 1}`)]
    const sent = pieces.filter((name) => cookieValue(exchange.head, name) !== undefined)
    return sent.map((name) => line(exchange, `${name}=; Max-Age=0`)).join('')
  }

  /** What ties logins to a browser. */
  browser(head: RequestHead): string | undefined {
    const value = cookieValue(head, this.#browser)
    return value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined
  }

  keepBrowser(exchange: Exchange, value: string): string {
    return line(exchange, `${this.#browser}=${value}`)
  }
}

/** `Lax`: it comes along when the provider sends the browser back, and not with what other sites embed or post. */
function line({ secure }: Exchange, pair: string): string {
  return `Set-Cookie: ${pair}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}\r\n`
}
