/**
 * Which counters a request takes from (policies.md §1, §2): those of a throttling policy and those of the plug-in
 * `rate_limit`, which limits the same dimensions and more.
 */
import type { Counter } from '../limits/limiter.js'
import type { PublicationPart, ThrottlePart } from '../snapshot/parts.js'
import type { Caller, Exchange } from './exchange.js'
import type { RuleMatch } from './rule-expression.js'

export interface LimitCounter extends Counter {
  readonly dimension: 'ip' | 'app' | 'user' | 'api' | 'api-allenv' | 'rule'
  /** The window as callers read it, such as `1 minute`. */
  readonly time: string
}

type Counters = readonly LimitCounter[]
export type CountersOf = (exchange: Exchange) => Counters

interface Window {
  readonly interval: number
  readonly unit: ThrottlePart['unit']
}

/** What is limited and how far; a limit of 0, or none, is no limit. */
export interface LimitPolicy
  extends Window, Pick<ThrottlePart, 'apiLimit' | 'userLimit' | 'appLimit' | 'ipLimit' | 'specials'> {
  /** Policies whose counters must not meet have different ones. */
  readonly key: string
  /** Each process of the gateway counts for itself. */
  readonly local: boolean
  /** Each bound API counts for itself, or all of them together. */
  readonly scope: ThrottlePart['scope']
  /** Limits of requests that an expression chooses, each with a counter of its own. */
  readonly rules?: readonly LimitRule[]
}

export interface LimitRule extends Window {
  readonly name: string
  readonly matches: RuleMatch
  readonly limit: number
}

const SECONDS = { SECOND: 1, MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const

/** The counters come in the order in which they are judged: IP, app, user, API, rules. */
export function compileCounters(policy: LimitPolicy, { apiId, environmentId }: PublicationPart): CountersOf {
  const mark = countingMark(policy.local)
  const prefix = `${policy.key}:${policy.scope === 'api' ? `${apiId}/${environmentId}` : '-'}`
  const counterIn =
    ({ interval, unit }: Window) =>
    (dimension: LimitCounter['dimension'], value: string, limit: number): LimitCounter => ({
      key: `${prefix}:${dimension}:${value}`,
      limit,
      windowSeconds: interval * SECONDS[unit],
      ...mark,
      dimension,
      time: `${interval} ${unit.toLowerCase()}`,
    })
  const counter = counterIn(policy)
  const specials = (type: 'APP' | 'USER'): ReadonlyMap<string, number> =>
    new Map(policy.specials.filter((special) => special.type === type).map(({ objectId, limit }) => [objectId, limit]))

  const byApi = policy.apiLimit === 0 ? [] : [counter('api', '', policy.apiLimit)]
  const { ipLimit = 0, appLimit = 0, userLimit = 0, rules = [] } = policy
  const isPlain = ipLimit === 0 && appLimit === 0 && userLimit === 0 && policy.specials.length === 0
  if (isPlain && rules.length === 0) return () => byApi

  const byRule = rules.map((rule, index) => {
    // Names need not differ, counters of one request must.
    const namesake = rules.slice(0, index).filter(({ name }) => name === rule.name).length
    return { matches: rule.matches, one: counterIn(rule)('rule', `${namesake}:${rule.name}`, rule.limit) }
  })
  const ofRules: CountersOf = (exchange) => byRule.filter(({ matches }) => matches(exchange)).map(({ one }) => one)
  if (isPlain) return (exchange) => [...byApi, ...ofRules(exchange)]

  const byAddress = keyed((address) => (ipLimit === 0 ? undefined : counter('ip', address, ipLimit)))
  const callerCounters = (dimension: 'app' | 'user', special: ReadonlyMap<string, number>, general: number): Keyed =>
    keyed((id) => {
      // A special replaces the general limit, and counts where there is no general one (§1.3).
      const limit = special.get(id) ?? general
      return id === '' || limit === 0 ? undefined : counter(dimension, id, limit)
    })
  const byApp = callerCounters('app', specials('APP'), appLimit)
  const ofUsers = specials('USER')
  const byUser = callerCounters('user', ofUsers, userLimit)
  const byProject = new Map(
    Array.from(ofUsers, ([id, limit]) => [id, keyed((account) => counter('user', account, limit))] as const),
  )
  // A special of a user names an account, or the project that a caller of IAM calls for (§1.4).
  const userCounter = ({ userId = '', projectId = '' }: Partial<Caller> = {}): LimitCounter | undefined =>
    ofUsers.has(userId) ? byUser(userId) : (byProject.get(projectId)?.(userId) ?? byUser(userId))

  return (exchange) => {
    const { sourceAddress, caller } = exchange
    const counters = [byAddress(sourceAddress), byApp(caller?.appId ?? ''), userCounter(caller), ...byApi]
    const present = counters.filter((one) => one !== undefined)
    return byRule.length === 0 ? present : [...present, ...ofRules(exchange)]
  }
}

/** How counters say who counts. Their keys do not: what was counted goes on counting when that changes. */
export const countingMark = (local: boolean): Pick<Counter, 'local'> => (local ? { local } : {})

type Keyed = (value: string) => LimitCounter | undefined

/** Counters that are remembered; all are forgotten at once, rarely: they hold no count. */
const MOST_REMEMBERED = 10_000

function keyed(make: Keyed): Keyed {
  const known = new Map<string, LimitCounter | undefined>()
  return (value) => {
    let found = known.get(value)
    if (found === undefined && !known.has(value)) {
      if (known.size >= MOST_REMEMBERED) known.clear()
      found = make(value)
      known.set(value, found)
    }
    return found
  }
}
