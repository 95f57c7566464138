/** Where a request has its token (authentication.md §7), and what of the request ends with it. */
import { cookieValue } from '../backends/cookies.js'
import { queryPieces } from '../backends/query.js'
import type { RequestHead } from '../exchange.js'
import { queryDecode } from '../percent-encoding.js'

export type TokenPlaceOptions =
  | { readonly location: 'header'; readonly name: string; readonly prefix: string }
  | { readonly location: 'query' | 'cookie'; readonly name: string }

export interface FoundToken {
  readonly text: string
}

export interface TokenPlace {
  /** `ambiguous`: there are several, of which the backend could believe another one. */
  read(head: RequestHead): FoundToken | 'ambiguous' | undefined
  /** What does not go on to the backend. */
  readonly spent: {
    readonly headers?: readonly string[]
    readonly query?: string
    readonly dropsCookie?: (name: string) => boolean
  }
}

/** Names of headers and cookies are compared without case, those of parameters with it. An empty value is none. */
export function compileTokenPlace(options: TokenPlaceOptions): TokenPlace {
  const { name, location } = options
  const lower = name.toLowerCase()
  switch (location) {
    case 'header': {
      const prefix = options.prefix.toLowerCase()
      return {
        read: (head) => {
          const first = head.header(lower)
          if (!first) return undefined
          return head.headers(lower).length > 1 ? 'ambiguous' : found(withoutPrefix(first, prefix))
        },
        spent: { headers: [lower] },
      }
    }
    case 'query':
      return {
        read: ({ query }) => {
          if (query === '') return undefined
          const [first, second] = queryPieces(query).filter((piece) => piece.name === name)
          if (first === undefined) return undefined
          return second === undefined ? found(queryDecode(first.value) ?? first.value) : 'ambiguous'
        },
        spent: { query: name },
      }
    case 'cookie': {
      const isOurs = (one: string): boolean => one.toLowerCase() === lower
      return {
        read: (head) => {
          const names = head
            .headers('cookie')
            .flatMap((line) => line.split(';'))
            .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
            .filter(isOurs)
          const [first] = names
          if (first === undefined) return undefined
          return names.length > 1 ? 'ambiguous' : found(cookieValue(head, first) ?? '')
        },
        spent: { dropsCookie: isOurs },
      }
    }
  }
}

const found = (text: string): FoundToken | undefined => (text === '' ? undefined : { text })

/** Without the prefix and the blanks behind it; a value that does not begin with it is taken whole. */
function withoutPrefix(value: string, prefix: string): string {
  if (prefix === '' || value.slice(0, prefix.length).toLowerCase() !== prefix) return value
  const rest = value.slice(prefix.length)
  if (rest === '') return ''
  return /^ +/.test(rest) ? rest.replace(/^ +/, '') : value
}
