/**
 * What authentication by plug-ins changes in the request for the backend: credentials that end here, and what is told of
 * the caller. It is done to the plan, after everything else has made it and before it is signed.
 */
import type { Exchange, ForwardPlan, RequestHead } from '../exchange.js'
import type { Step } from '../step.js'
import { isHeaderValue } from './header-lines.js'
import { cookiesExcept } from './cookies.js'
import { queryPieces } from './query.js'

/** What one plug-in changes. Sets are made when it is compiled. */
export interface Amendment {
  /** Lower-case names of headers that do not go on, whoever wrote them. */
  readonly drop: ReadonlySet<string>
  /** Header lines, each ended by CRLF. */
  readonly add: string
  /** Name of the parameter of the query that does not go on. */
  readonly query?: string | undefined
  /** Whether a cookie does not go on, by its name. */
  readonly dropsCookie?: ((name: string) => boolean) | undefined
}

/** Notes what the plan of an exchange is to be amended by. */
export function amend(exchange: Exchange, amendment: Amendment): void {
  exchange.amendments = exchange.amendments === undefined ? [amendment] : [...exchange.amendments, amendment]
}

/** A header line from configuration and a byte string; nothing where it could not stand in one. */
export function headerLine(name: string, value: string): string {
  return isHeaderValue(value) ? `${name}: ${value}\r\n` : ''
}

/** For routes with plug-ins that authenticate; after the step that makes plans. */
export function compileAmendments(): Step {
  const extended = extending()

  function amended(head: RequestHead, plan: ForwardPlan, amendments: readonly Amendment[]): ForwardPlan {
    let { drop, add, target } = plan
    for (const { drop: names, add: lines, query, dropsCookie } of amendments) {
      add = without(add, names)
      drop = extended(drop, names)
      if (query !== undefined) target = withoutParameter(target, query)
      if (dropsCookie !== undefined) {
        const cookies = withoutCookies(head, { drop, add }, dropsCookie)
        if (cookies !== undefined) {
          drop = extended(drop, COOKIE)
          add = without(add, COOKIE) + (cookies === '' ? '' : `Cookie: ${cookies}\r\n`)
        }
      }
      add += lines
    }
    const { again } = plan
    return {
      ...plan,
      drop,
      add,
      target,
      // Who plans a repetition starts from the plan that nobody has amended.
      again:
        again &&
        ((exchange, _, tried) => {
          const next = again(exchange, plan, tried)
          return next && amended(head, next, amendments)
        }),
    }
  }

  return function amendPlan(exchange) {
    const { plan, amendments, head } = exchange
    if (plan !== undefined && amendments !== undefined) exchange.plan = amended(head, plan, amendments)
    return undefined
  }
}

const COOKIE: ReadonlySet<string> = new Set(['cookie'])

type Names = ReadonlySet<string>

/** Sets of names with others added: one for each pair, as they are told apart by identity where they are used. */
function extending(): (drop: Names, names: Names) => Names {
  const known = new WeakMap<Names, WeakMap<Names, Names>>()
  return (drop, names) => {
    if (names.size === 0) return drop
    let byNames = known.get(drop)
    if (byNames === undefined) known.set(drop, (byNames = new WeakMap()))
    let union = byNames.get(names)
    if (union === undefined) byNames.set(names, (union = new Set([...drop, ...names])))
    return union
  }
}

/** Header lines without those of some names. */
function without(lines: string, names: Names): string {
  if (names.size === 0) return lines
  return lines
    .split(/(?<=\r\n)/)
    .filter((line) => !names.has(nameOf(line)))
    .join('')
}

const nameOf = (line: string): string => line.slice(0, line.indexOf(':')).toLowerCase()

function withoutParameter(target: string, name: string): string {
  const question = target.indexOf('?')
  if (question === -1) return target
  const kept = queryPieces(target.slice(question + 1)).filter((piece) => piece.name !== name)
  const query = kept.map(({ text }) => text).join('&')
  return query === '' ? target.slice(0, question) : `${target.slice(0, question)}?${query}`
}

/** What is left of the cookies that would go on; `undefined` when that is all of them. */
function withoutCookies(
  head: RequestHead,
  { drop, add }: Pick<ForwardPlan, 'drop' | 'add'>,
  drops: (name: string) => boolean,
): string | undefined {
  const written = add.split('\r\n').filter((line) => nameOf(line) === 'cookie')
  const sent = drop.has('cookie') ? written.map((line) => line.slice(line.indexOf(':') + 1)) : head.headers('cookie')
  const names = new Set(sent.flatMap((line) => line.split(';')).map((pair) => pair.split('=', 1)[0]?.trim() ?? ''))
  const dropped = new Set(Array.from(names).filter(drops))
  return dropped.size === 0 ? undefined : cookiesExcept({ headers: () => sent }, dropped)
}
