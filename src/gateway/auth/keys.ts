/** What tokens are verified with, wherever it comes from. */
import type { Fetched } from '../outbound/fetched.js'
import type { KeySet, TokenVerdict } from './key-set.js'

/** `unavailable`: there are no keys to verify with. */
export type KeysVerdict = TokenVerdict | 'unavailable'

export interface Keys {
  verify(token: string): KeysVerdict | Promise<KeysVerdict>
}

/** Keys of a service. A token that names an unknown key makes them be fetched again, within bounds. */
export class FetchedKeys implements Keys {
  constructor(private readonly sets: Pick<Fetched<KeySet>, 'current' | 'newerThan'>) {}

  verify(token: string): KeysVerdict | Promise<KeysVerdict> {
    const set = this.sets.current()
    return set instanceof Promise ? set.then((one) => this.#judge(token, one)) : this.#judge(token, set)
  }

  #judge(token: string, set: KeySet | undefined): KeysVerdict | Promise<KeysVerdict> {
    if (set === undefined) return 'unavailable'
    const verdict = set.verify(token)
    if (verdict !== 'unknown-key') return verdict
    const newer = this.sets.newerThan(set)
    const again = (one: KeySet | undefined) => (one === undefined || one === set ? verdict : one.verify(token))
    return newer instanceof Promise ? newer.then(again) : again(newer)
  }
}
