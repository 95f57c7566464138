/**
 * Request throttling, traditional (policies.md §1): calls per window by API, user, app and source address, or the
 * default limit where no policy is bound. All dimensions are taken together, so that a refused request consumes
 * nothing; the first exhausted one in the order IP, app, user, API is named. Refusal: 429 APIG.0308, THROTTLED.
 */
import type { Counter, Limiter, Verdict } from '../../limits/limiter.js'
import type { PublicationPart, ThrottlePart } from '../../snapshot/parts.js'
import type { Caller, Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Outcome, Step } from '../step.js'

export interface Throttle {
  readonly step: Step
  /** `X-Apig-RateLimit-*` header lines for a caller in debug mode (responses.md §4). */
  report(exchange: Exchange): string
}

export interface ThrottleContext {
  readonly limiter: Limiter
  readonly publication: PublicationPart
  /** Calls a second that an API without a policy admits, over all environments (§1.5). */
  readonly defaultLimit: number
  /** What else a request is counted by; it is taken with the rest or not at all, and asked last. */
  readonly quota?: { counterOf(exchange: Exchange): Counter | undefined; refuse(exchange: Exchange): Reply } | undefined
}

interface LimitCounter extends Counter {
  readonly dimension: 'ip' | 'app' | 'user' | 'api' | 'api-allenv'
  /** The window as callers read it, such as `1 minute`. */
  readonly time: string
}

type Counters = readonly LimitCounter[]

export function compileThrottle(policy: ThrottlePart | undefined, context: ThrottleContext): Throttle {
  const { limiter, publication, defaultLimit, quota } = context
  const byDefault: Counters = [
    {
      key: `default:${publication.apiId}`,
      limit: defaultLimit,
      windowSeconds: 1,
      dimension: 'api-allenv',
      time: '1 second',
    },
  ]
  const countersOf = policy === undefined ? () => byDefault : policyCounters(policy, publication)

  function settle(exchange: Exchange, counters: Counters, verdict: Verdict): Reply | undefined {
    if (verdict.admitted) return undefined
    const counter = counters[verdict.counter]
    if (counter === undefined) throw new Error(`The limiter named counter ${verdict.counter} of ${counters.length}.`)
    const { dimension, limit, time } = counter
    return refuse(exchange, 'APIG.0308', `policy ${dimension} over ratelimit,limit:${limit},time:${time}`)
  }

  function throttle(exchange: Exchange): Outcome {
    const counters = countersOf(exchange)
    const verdict = limiter.take(counters)
    if (verdict instanceof Promise) return verdict.then((answer) => settle(exchange, counters, answer))
    return settle(exchange, counters, verdict)
  }

  function throttleAndQuota(exchange: Exchange): Outcome {
    const counter = quota?.counterOf(exchange)
    if (counter === undefined) return throttle(exchange)
    const throttled = countersOf(exchange)
    const verdict = limiter.take([...throttled, counter])
    const judge = (answer: Verdict): Reply | undefined =>
      !answer.admitted && answer.counter === throttled.length
        ? quota?.refuse(exchange)
        : settle(exchange, throttled, answer)
    return verdict instanceof Promise ? verdict.then(judge) : judge(verdict)
  }

  return {
    step: quota === undefined ? throttle : throttleAndQuota,
    report(exchange) {
      // The default limit is reported even where a policy counts instead of it.
      const counters = policy === undefined ? byDefault : [...byDefault, ...countersOf(exchange)]
      let lines = ''
      for (const counter of counters) {
        const { dimension, limit, time } = counter
        lines += `X-Apig-RateLimit-${dimension}: remain:${limiter.remaining(counter)},limit:${limit},time:${time}\r\n`
      }
      return lines
    },
  }
}

const SECONDS = { SECOND: 1, MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const

/** Which counters a request takes from, in the order in which they are judged. A limit of 0 is none. */
function policyCounters(
  policy: ThrottlePart,
  { apiId, environmentId }: PublicationPart,
): (exchange: Exchange) => Counters {
  const windowSeconds = policy.interval * SECONDS[policy.unit]
  const prefix = `throttle:${policy.id}:${policy.scope === 'api' ? `${apiId}/${environmentId}` : '-'}`
  const time = `${policy.interval} ${policy.unit.toLowerCase()}`
  const counter = (dimension: LimitCounter['dimension'], value: string, limit: number): LimitCounter => ({
    key: `${prefix}:${dimension}:${value}`,
    limit,
    windowSeconds,
    dimension,
    time,
  })
  const specials = (type: 'APP' | 'USER'): ReadonlyMap<string, number> =>
    new Map(policy.specials.filter((special) => special.type === type).map(({ objectId, limit }) => [objectId, limit]))

  const byApi = policy.apiLimit === 0 ? [] : [counter('api', '', policy.apiLimit)]
  const { ipLimit = 0, appLimit = 0, userLimit = 0 } = policy
  if (ipLimit === 0 && appLimit === 0 && userLimit === 0 && policy.specials.length === 0) return () => byApi

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

  return ({ sourceAddress, caller }) => {
    const counters = [byAddress(sourceAddress), byApp(caller?.appId ?? ''), userCounter(caller), ...byApi]
    return counters.filter((one) => one !== undefined)
  }
}

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
