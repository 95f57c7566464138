/**
 * Feature `backend_token_allow` (features.md §2): accounts whose tokens backends get, by regular expressions that are
 * searched for in the account's name. What is no expression allows nobody, as does an empty one.
 */
import { compilePattern } from '../../contract/pattern.js'
import type { IamIdentity } from './identities.js'

export type TokenAllow = (identity: IamIdentity) => boolean

/** `undefined` when nobody's token goes on. */
export function compileTokenAllow(expressions: readonly string[]): TokenAllow | undefined {
  const searches = expressions.filter((one) => one !== '').flatMap((one) => compilePattern(one) ?? [])
  if (searches.length === 0) return undefined
  // An identity is remembered for seconds, and shows itself by many requests.
  const verdicts = new WeakMap<IamIdentity, boolean>()
  return (identity) => {
    const known = verdicts.get(identity)
    if (known !== undefined) return known
    const name = identity.byToken.accountName ?? ''
    const verdict = searches.some((holds) => holds(name))
    verdicts.set(identity, verdict)
    return verdict
  }
}
