/** Plug-in `jwt_auth`: authentication.md §7. */
import { z } from 'zod'
import { flag, headerName } from './pieces.js'

/** Bytes of a set of keys, wherever it comes from. */
const LARGEST_JWKS = 50 * 1024
const LONGEST_TOLERANCE = 86_400

const keySet = z.looseObject({
  keys: z
    .array(z.looseObject({ kty: z.string().min(1), kid: z.string().optional() }))
    .min(1)
    // A token names its key: without names only a single key can be meant.
    .refine((keys) => keys.length === 1 || keys.every(({ kid }) => kid !== undefined))
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length),
})

const service = z.looseObject({
  uri: z
    .string()
    .max(2_048)
    .regex(/^(?:(?:https?:\/\/)?[^\s/?#]+[^\s]*)?$/i)
    .nullish(),
  /** Milliseconds. */
  timeout: z.int().min(1).max(60_000).nullish(),
  /** Seconds. */
  ttl: z.int().min(600).max(86_400).nullish(),
  custom_host: z.string().max(255).nullish(),
})

/** Seconds; the reference has a text, its samples a number. */
const tolerance = z
  .union([z.int(), z.string().regex(/^\d{1,5}$/)])
  .refine((value) => Number(value) >= 0 && Number(value) <= LONGEST_TOLERANCE)

export const jwtAuth = z
  .looseObject({
    jwks_service: service.nullish(),
    jwks: z.string().nullish(),
    token_location: z.enum(['header', 'query', 'cookie']).nullish(),
    token_name: z.string().max(64).nullish(),
    token_prefix: z.string().max(64).nullish(),
    token_expiration_tolerance: tolerance.nullish(),
    token_pass_through_enabled: flag,
    carry_payload: z.looseObject({}).nullish(),
    missing_token_skip_auth_enabled: flag,
    ignore_expiration_validation_enabled: flag,
    claims_to_headers: z
      .array(z.looseObject({ claim: z.string().min(1).max(128), header: headerName, is_override: flag }))
      .max(16)
      .nullish(),
    blacklist: z.array(z.looseObject({ claim: z.string().min(1).max(128), value: z.string().nullish() })).nullish(),
  })
  .refine(({ jwks_service, jwks }) => Boolean(jwks_service?.uri) || Boolean(jwks))
  .refine(({ jwks }) => !jwks || isKeySet(jwks))
  .refine(({ token_location, token_name }) => token_location !== 'cookie' || Boolean(token_name))

function isKeySet(text: string): boolean {
  if (Buffer.byteLength(text) > LARGEST_JWKS) return false
  try {
    return keySet.safeParse(JSON.parse(text)).success
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
