import type { Vault } from '../../config/vault.js'
import type { ReplyBody } from '../../contract/operation.js'
import { aiApiKeyContext } from '../../store/ai-api-keys.js'
import type { AiApiKeyRow } from '../../store/schema.js'

/** The key itself is shown to whoever asks for that one. */
export function aiApiKeyView(
  row: AiApiKeyRow,
  vault: Vault,
  time: (moment: number) => string,
): ReplyBody<'createAiApiKey'> {
  return {
    id: row.id,
    ai_api_key: vault.open(row.key_sealed, aiApiKeyContext(row.id)),
    alias: row.alias,
    app_id: row.app_id,
    create_time: time(row.created_at),
  }
}

/** Enough of a secret to tell it from others: up to three characters at each end, a quarter of all at most. */
export function masked(secret: string): string {
  const shown = Math.min(3, Math.floor(secret.length / 8))
  return `${secret.slice(0, shown)}************${secret.slice(secret.length - shown)}`
}
