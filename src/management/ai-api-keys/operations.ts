import { randomBytes } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import {
  aiApiKeyContext,
  countAiApiKeys,
  deleteAiApiKey,
  findAiApiKey,
  hasAiApiKey,
  insertAiApiKey,
  listAiApiKeys,
} from '../../store/ai-api-keys.js'
import type { AiApiKeyRow } from '../../store/schema.js'
import { theApp, unknownAppBeside } from '../apps/rules.js'
import type { Handlers, OperationContext } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { aiApiKeyView, masked } from './views.js'

/** Keys of an app (quotas.md §5); no record tells it. */
const MOST_KEYS = 5

export const aiApiKeyOperations = {
  createAiApiKey: async ({ path, body }, context) => {
    const { db, vault, now } = context
    const app = await theApp(context, path.app_id, unknownAppBeside)
    // 45 random bytes are 60 characters.
    const { ai_api_key: text = randomBytes(45).toString('base64'), alias = '' } = body
    if ((await countAiApiKeys(db, app.id)) >= MOST_KEYS) throw fault('APIG.3100')
    const fingerprint = vault.fingerprint(text)
    if (await hasAiApiKey(db, app.id, 'key_fingerprint', fingerprint))
      throw fault('APIG.2000', { detail: 'The AI API key already exists' })
    if (alias !== '' && (await hasAiApiKey(db, app.id, 'alias', alias)))
      throw fault('APIG.2000', { detail: 'The alias of the AI API key already exists' })
    const id = context.newId()
    const key: AiApiKeyRow = {
      id,
      app_id: app.id,
      alias,
      key_sealed: vault.seal(text, aiApiKeyContext(id)),
      key_fingerprint: fingerprint,
      created_at: now,
    }
    await insertAiApiKey(db, key)
    context.changed(`app:${app.id}`)
    return { status: 200, body: aiApiKeyView(key, vault, writtenTime) }
  },

  listAiApiKeys: async ({ path, query }, context) => {
    const app = await theApp(context, path.app_id, unknownAppBeside)
    const { total, rows } = await listAiApiKeys(context.db, app.id, query)
    const keys = rows.map((row) => {
      const { ai_api_key = '', ...key } = aiApiKeyView(row, context.vault, readTime)
      return { ...key, ai_api_key: masked(ai_api_key) }
    })
    return { status: 200, body: { total, size: keys.length, ai_api_keys: keys } }
  },

  showDetailsOfAiApiKey: async ({ path }, context) => {
    const key = await theKey(context, path)
    return { status: 200, body: aiApiKeyView(key, context.vault, readTime) }
  },

  deleteAiApiKey: async ({ path }, context) => {
    const key = await theKey(context, path)
    await deleteAiApiKey(context.db, key.id)
    context.changed(`app:${key.app_id}`)
    return { status: 204 }
  },
} satisfies Handlers

async function theKey(
  context: OperationContext,
  path: { readonly app_id: string; readonly ai_api_key_id: string },
): Promise<AiApiKeyRow> {
  const app = await theApp(context, path.app_id, unknownAppBeside)
  const key = await findAiApiKey(context.db, app.id, path.ai_api_key_id)
  if (key === undefined) throw fault('APIG.3082', {}, 'aiApiKey')
  return key
}
