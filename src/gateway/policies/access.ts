/**
 * Access control (policies.md §3): who may call, by source address (phase 14, 403 APIG.0402), by the app's own list
 * (phase 18, 403 APIG.0405), or by the account of an IAM caller (phase 18a, 403 APIG.0302). Lists are compiled once.
 */
import type { AccessRule } from '../../snapshot/parts.js'
import { AddressRanges } from '../address-ranges.js'
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'

/** Judges a request by the address that it comes from; `undefined`: it may go on. */
export type AddressCheck = (exchange: Exchange) => Reply | undefined

/** The step of an API; `undefined` when anyone may call from anywhere. */
export function compileAddressAccess(rules: readonly AccessRule[] | undefined): Step | undefined {
  const rule = rules?.find(({ entity }) => entity === 'IP')
  return rule && compileAddressCheck(rule, 'APIG.0402')
}

export function compileAddressCheck({ type, values }: AccessRule, name: 'APIG.0402' | 'APIG.0405'): AddressCheck {
  const listed = new AddressRanges(values)
  const permits = type === 'PERMIT'
  return function addressAccess(exchange) {
    if (!exchange.sourceKnown) return refuse(exchange, 'APIG.0401')
    return listed.has(exchange.sourceAddress) === permits ? undefined : refuse(exchange, name)
  }
}

/**
 * The step of an API that callers of IAM may call, after they are known. With a list of names and one of ids, both must
 * pass; but where one permits and the other one denies, only the first is asked (policies.md §3).
 */
export function compileAccountAccess(rules: readonly AccessRule[] | undefined): Step | undefined {
  const lists = (rules ?? []).filter(({ entity }) => entity !== 'IP')
  const permitting = lists.filter(({ type }) => type === 'PERMIT')
  const asked = permitting.length > 0 ? permitting : lists
  if (asked.length === 0) return undefined
  const checks = asked.map(({ type, entity, values }) => {
    const listed = new Set(values)
    const permits = type === 'PERMIT'
    return ({ caller }: Exchange): boolean =>
      listed.has((entity === 'DOMAIN' ? caller?.accountName : caller?.userId) ?? '') === permits
  })
  return function accountAccess(exchange) {
    return checks.every((passes) => passes(exchange)) ? undefined : refuse(exchange, 'APIG.0302')
  }
}
