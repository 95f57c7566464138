/** What a response set overrides: kept as it was sent, so that what was left out keeps following its default. */
import { fault } from '../../contract/faults.js'
import type { ResponseInfo, ResponsesCreate } from '../../contract/generated/schemas.js'
import type { GatewayResponseRow } from '../../store/schema.js'

export type Overrides = NonNullable<ResponsesCreate['responses']>

const LONGEST_BODY = 20_480

export function overridesOf({ responses }: GatewayResponseRow): Overrides {
  return JSON.parse(responses) as Overrides
}

/**
 * Beyond what the contract says: a body of 20,480 characters at most, headers that are complete, and values that stay
 * on their line and open no template of the gateway (responses.md §2.1).
 */
export function isOverride({ body = '', headers = [] }: ResponseInfo): void {
  if (body.length > LONGEST_BODY && Array.from(body).length > LONGEST_BODY) throw fault('APIG.2011', { name: 'body' })
  for (const { key, value } of headers) {
    if (key === undefined) throw fault('APIG.2001', { name: 'key' })
    if (value === undefined) throw fault('APIG.2001', { name: 'value' })
    if (/\p{Cc}|\[\[|\]\]/u.test(value)) throw fault('APIG.2011', { name: 'value' })
  }
}
