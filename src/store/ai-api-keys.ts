import { selectPage, type Page, type Paging } from './page.js'
import type { AiApiKeyRow } from './schema.js'
import type { Database } from './store.js'

/** What a sealed AI API key is bound to. */
export const aiApiKeyContext = (id: string): string => `ai-api-key:${id}`

export async function insertAiApiKey(db: Database, key: AiApiKeyRow): Promise<void> {
  await db.insertInto('ai_api_keys').values(key).execute()
}

export async function deleteAiApiKey(db: Database, id: string): Promise<void> {
  await db.deleteFrom('ai_api_keys').where('id', '=', id).execute()
}

export async function findAiApiKey(db: Database, appId: string, id: string): Promise<AiApiKeyRow | undefined> {
  return db.selectFrom('ai_api_keys').selectAll().where('id', '=', id).where('app_id', '=', appId).executeTakeFirst()
}

export async function listAiApiKeys(db: Database, appId: string, paging: Paging): Promise<Page<AiApiKeyRow>> {
  const query = db
    .selectFrom('ai_api_keys')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('created_at', 'desc')
    .orderBy('id')
  return selectPage(query, paging)
}

export async function countAiApiKeys(db: Database, appId: string): Promise<number> {
  const { count } = await db
    .selectFrom('ai_api_keys')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('app_id', '=', appId)
    .executeTakeFirstOrThrow()
  return count
}

/** Whether the app has a key with this digest, or with this alias. */
export async function hasAiApiKey(
  db: Database,
  appId: string,
  column: 'key_fingerprint' | 'alias',
  value: string,
): Promise<boolean> {
  const row = await db
    .selectFrom('ai_api_keys')
    .select('id')
    .where('app_id', '=', appId)
    .where(column, '=', value)
    .executeTakeFirst()
  return row !== undefined
}
