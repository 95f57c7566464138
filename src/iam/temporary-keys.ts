/** Temporary AK/SK with a security token: `POST /v3.0/OS-CREDENTIAL/securitytokens` (authentication.md §4.1). */
import { z } from 'zod'
import type { Vault } from '../config/vault.js'
import { insertAccessKey } from '../store/iam.js'
import type { Store } from '../store/store.js'
import { accessKeyContext, type AuthenticationSuccess } from './authenticate.js'
import { IamFault } from './iam-fault.js'
import { newAccessKey, newSecretKey, newToken } from './random-text.js'
import { tokenHash } from './token-hash.js'
import { malformed, unknownAgency } from './token-request.js'

const SHORTEST = 900
const LONGEST = 86_400

const schema = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.tuple([z.string()]),
      token: z
        .object({
          id: z.string().max(4096).optional(),
          duration_seconds: z.coerce.number().int().min(SHORTEST).max(LONGEST).optional(),
        })
        .optional(),
      assume_role: z.looseObject({ agency_name: z.unknown(), xrole_name: z.unknown() }).partial().optional(),
    }),
  }),
})

export interface TemporaryKeyRequest {
  /** Of whom the key is made; absent: of the caller. */
  readonly token: string | undefined
  readonly durationSeconds: number
}

/** @throws {IamFault} 400 for what is malformed, 404 for an agency: this installation has none. */
export function parseTemporaryKeyRequest(body: unknown): TemporaryKeyRequest {
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw malformed(parsed.error)
  const { methods, token, assume_role: agency } = parsed.data.auth.identity
  if (methods[0] === 'assume_role') throw unknownAgency(agency)
  if (methods[0] !== 'token') throw new IamFault(400, `The method ${methods[0]} is not supported.`)
  return { token: token?.id === '' ? undefined : token?.id, durationSeconds: token?.duration_seconds ?? SHORTEST }
}

export interface TemporaryKey {
  readonly accessKey: string
  readonly secretKey: string
  readonly securityToken: string
  /** Milliseconds since the epoch; never later than the end of what it was made from. */
  readonly expiresAt: number
}

export async function createTemporaryKey(
  store: Store,
  vault: Vault,
  { caller, expiresAt: limit = Infinity }: AuthenticationSuccess,
  durationSeconds: number,
  now: number,
): Promise<TemporaryKey> {
  const key = {
    accessKey: newAccessKey(),
    secretKey: newSecretKey(),
    securityToken: newToken(),
    expiresAt: Math.min(now + durationSeconds * 1000, limit),
  }
  await store.write([], ({ db }) =>
    insertAccessKey(db, {
      access_key: key.accessKey,
      user_id: caller.userId,
      secret_sealed: vault.seal(key.secretKey, accessKeyContext(key.accessKey)),
      security_token_hash: tokenHash(key.securityToken),
      expires_at: key.expiresAt,
      created_at: now,
    }),
  )
  return key
}
