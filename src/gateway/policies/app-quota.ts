/**
 * Quotas of apps (authentication.md §3.11): calls of an app over all its APIs, in windows that begin at a moment of their
 * own. They are taken together with the limits of throttling, after these. Refusal: 405 APIG.0501, THROTTLED.
 */
import type { Counter } from '../../limits/limiter.js'
import type { AppQuota } from '../../snapshot/parts.js'
import type { Exchange } from '../exchange.js'
import { refuse } from '../responses/refuse.js'

export interface QuotaCounter extends Counter {
  /** Milliseconds since the epoch; calls before it are not counted. */
  readonly startsAt: number
}

/** Made once per app. Two gateways make the same one, and a changed limit leaves what was counted. */
export function quotaCounter({ id, limit, windowSeconds, startsAt }: AppQuota, appId: string): QuotaCounter {
  const offsetSeconds = Math.floor(startsAt / 1000) % windowSeconds
  return { key: `app-quota:${id}:${appId}`, limit, windowSeconds, offsetSeconds, durable: true, startsAt }
}

export const appQuota = {
  counterOf({ caller, receivedAt }: Exchange): Counter | undefined {
    const quota = caller?.quota
    return quota === undefined || receivedAt < quota.startsAt ? undefined : quota
  },

  refuse: (exchange: Exchange) => refuse(exchange, 'APIG.0501'),
}
