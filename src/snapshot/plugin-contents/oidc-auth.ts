/** Plug-in `oidc_auth`: authentication.md §8. */
import { z } from 'zod'
import { flag } from './pieces.js'

const webAddress = z
  .string()
  .max(2_048)
  .regex(/^https?:\/\/[^\s/?#]+[^\s]*$/i)

export const oidcAuth = z
  .looseObject({
    client_id: z.string().min(1).max(512),
    client_secret: z.string().min(1).max(2_048),
    discovery: webAddress,
    redirect_api_id: z.string().min(1).max(64),
    scope: z.string().max(1_024).nullish(),
    logout_api_id: z.string().max(64).nullish(),
    /** Seconds. */
    access_token_expires_in: z.int().min(1).max(2_147_483_647).nullish(),
    jwt_cache_enabled: flag,
    jwks_enabled: flag,
    public_key: z.string().max(16_384).nullish(),
    redirect_after_logout_uri: z.string().max(2_048).nullish(),
    slient_renew_access_token_enabled: flag,
  })
  // Keys come from the provider unless that is switched off; then one has to be here.
  .refine(({ jwks_enabled, public_key }) => jwks_enabled !== false || Boolean(public_key))

/** APIs that take part in the browser's way to the provider and back. */
export function apisOfOidcAuth({ redirect_api_id, logout_api_id }: z.infer<typeof oidcAuth>): string[] {
  return [...new Set([redirect_api_id, ...(logout_api_id ? [logout_api_id] : [])])]
}
