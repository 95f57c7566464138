/**
 * Request throttling (policies.md §1, §2): calls per window by API, user, app and source address, and by the rules of the
 * plug-in; or the default limit where nothing is bound. All dimensions are taken together, so that a refused request consumes
 * nothing; the first exhausted one in the order IP, app, user, API, rules is named. Refusal: 429 APIG.0308, THROTTLED.
 */
import type { Counter, Limiter, Verdict } from '../../limits/limiter.js'
import type { PublicationPart, ThrottlePart } from '../../snapshot/parts.js'
import type { Exchange } from '../exchange.js'
import { compileCounters, countingMark, type LimitCounter, type LimitPolicy } from '../limit-counters.js'
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
  /** Feature `throttle_strategy`: each process of the gateway counts for itself (§1.2). */
  readonly countsLocally: boolean
  /** What else a request is counted by; it is taken with the rest or not at all, and asked last. */
  readonly quota?: { counterOf(exchange: Exchange): Counter | undefined; refuse(exchange: Exchange): Reply } | undefined
}

/** What limits an API by its throttling policy, by the feature `throttle_strategy` in each process for itself. */
export function throttlePolicy(
  policy: ThrottlePart | undefined,
  { countsLocally: local }: Pick<ThrottleContext, 'countsLocally'>,
): LimitPolicy | undefined {
  return policy && { ...policy, key: `throttle:${policy.id}`, local }
}

export function compileThrottle(policy: LimitPolicy | undefined, context: ThrottleContext): Throttle {
  const { limiter, publication, defaultLimit, quota } = context
  const byDefault: readonly LimitCounter[] = [
    {
      key: `default:${publication.apiId}`,
      limit: defaultLimit,
      windowSeconds: 1,
      ...countingMark(context.countsLocally),
      dimension: 'api-allenv',
      time: '1 second',
    },
  ]
  const countersOf = policy === undefined ? () => byDefault : compileCounters(policy, publication)

  function settle(exchange: Exchange, counters: readonly LimitCounter[], verdict: Verdict): Reply | undefined {
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
        // Of rules the service shows nothing.
        if (dimension === 'rule') continue
        lines += `X-Apig-RateLimit-${dimension}: remain:${limiter.remaining(counter)},limit:${limit},time:${time}\r\n`
      }
      return lines
    },
  }
}
