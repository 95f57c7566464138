/** Answers gateways that ask who shows a token or an access key. */
import type { Vault } from '../config/vault.js'
import { findAccessKey, findToken, type Identity } from '../store/iam.js'
import type { Store } from '../store/store.js'
import { accessKeyContext } from './authenticate.js'
import { isTokenOf, tokenHash } from './token-hash.js'

type Asked = { readonly token: string } | { readonly accessKey: string; readonly securityToken: string }

interface Identified extends Pick<Identity, 'domainId' | 'domainName' | 'userId' | 'userName'> {
  readonly projectId: string
  readonly expiresAt?: number
  readonly secret?: string
}

/** Who shows something valid, but is switched off. */
interface Forbidden {
  readonly reason: 'forbidden'
  readonly secret?: string
}

type Answer = Identified | Forbidden | 'unknown' | 'expired'

export type Identify = (asked: Asked) => Promise<Answer>

export function createIdentify({
  store,
  vault,
  clock,
}: {
  readonly store: Store
  readonly vault: Vault
  readonly clock: () => number
}): Identify {
  return async (asked) => ('token' in asked ? byToken(asked.token) : byKey(asked.accessKey, asked.securityToken))

  async function byToken(text: string): Promise<Answer> {
    const found = await store.read((db) => findToken(db, tokenHash(text)))
    if (found === undefined) return 'unknown'
    const { token, identity } = found
    if (clock() >= token.expiresAt) return 'expired'
    if (!identity.enabled) return { reason: 'forbidden' }
    return { ...named(identity), projectId: token.project?.id ?? '', expiresAt: token.expiresAt }
  }

  async function byKey(accessKey: string, securityToken: string): Promise<Answer> {
    const found = await store.read((db) => findAccessKey(db, accessKey))
    if (found === undefined) return 'unknown'
    const { key, identity } = found
    const isExpected =
      key.securityTokenHash === undefined ? securityToken === '' : isTokenOf(securityToken, key.securityTokenHash)
    if (!isExpected) return 'unknown'
    if (key.expiresAt !== undefined && clock() >= key.expiresAt) return 'expired'
    const secret = vault.open(key.secretSealed, accessKeyContext(accessKey))
    if (!identity.enabled) return { reason: 'forbidden', secret }
    return {
      ...named(identity),
      projectId: '',
      secret,
      ...(key.expiresAt !== undefined && { expiresAt: key.expiresAt }),
    }
  }
}

const named = ({ domainId, domainName, userId, userName }: Identity) => ({ domainId, domainName, userId, userName })
