/** Calls that the debugging domains of one group admit in a day, UTC (policies.md §1.6). Refusal: 429 APIG.0308. */
import type { Counter } from '../../limits/limiter.js'

export const DEBUG_DOMAIN_LIMIT = 1000

export function debugDomainCounters(groupId: string, limit: number): readonly Counter[] {
  return [{ key: `debug-domain:${groupId}`, limit, windowSeconds: 86_400, durable: true }]
}
