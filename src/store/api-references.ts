/**
 * What APIs use: channels, authorizers, orchestration rules. Kept beside the definitions, so that an index answers who
 * uses a thing, and nothing that is used can be deleted.
 */
import type { Published } from './published-apis.js'
import type { ApiReferenceRow } from './schema.js'
import { ROWS_PER_INSERT, type Database } from './store.js'

export type ReferenceKind = ApiReferenceRow['kind']

export interface ApiReference {
  readonly kind: ReferenceKind
  readonly id: string
}

/** The references of one publication. */
export interface PublishedReferences {
  readonly apiId: string
  readonly publishId: string
  readonly references: readonly ApiReference[]
}

/** What the draft of an API uses from now on; what it used already stays as old as it is. */
export async function setDraftReferences(
  db: Database,
  apiId: string,
  references: readonly ApiReference[],
  now: number,
): Promise<void> {
  const before = await db
    .selectFrom('api_references')
    .select(['kind', 'target_id'])
    .where('api_id', '=', apiId)
    .where('publish_id', 'is', null)
    .execute()
  const wanted = new Set(references.map(keyOf))
  const known = new Set(before.map(({ kind, target_id }) => keyOf({ kind, id: target_id })))
  for (const { kind, target_id } of before.filter((row) => !wanted.has(keyOf({ kind: row.kind, id: row.target_id }))))
    await db
      .deleteFrom('api_references')
      .where('api_id', '=', apiId)
      .where('publish_id', 'is', null)
      .where('kind', '=', kind)
      .where('target_id', '=', target_id)
      .execute()
  await insertReferences(
    db,
    references
      .filter((reference) => !known.has(keyOf(reference)))
      .map(({ kind, id }) => ({ api_id: apiId, publish_id: null, kind, target_id: id, created_at: now })),
  )
}

/** What the published versions use; references of a publication go with it. */
export async function setPublishedReferences(
  db: Database,
  publications: readonly PublishedReferences[],
  now: number,
): Promise<void> {
  const ids = publications.map(({ publishId }) => publishId)
  for (let from = 0; from < ids.length; from += ROWS_PER_INSERT)
    await db
      .deleteFrom('api_references')
      .where('publish_id', 'in', ids.slice(from, from + ROWS_PER_INSERT))
      .execute()
  await insertReferences(
    db,
    publications.flatMap(({ apiId, publishId, references }) =>
      references.map(({ kind, id }) => ({
        api_id: apiId,
        publish_id: publishId,
        kind,
        target_id: id,
        created_at: now,
      })),
    ),
  )
}

/** Whether any API uses it, in its draft or where callers reach it. */
export async function isReferenced(db: Database, reference: ApiReference): Promise<boolean> {
  return (await referencesTo(db, reference).limit(1).executeTakeFirst()) !== undefined
}

/** The query of all that asks who uses a thing; a test looks at its plan. */
export function referencesTo(db: Database, { kind, id }: ApiReference) {
  return db.selectFrom('api_references').select('api_id').where('kind', '=', kind).where('target_id', '=', id)
}

/** Where callers reach APIs that use any of these. */
export async function placesReferring(
  db: Database,
  kind: ReferenceKind,
  ids: readonly string[],
): Promise<readonly Published[]> {
  return db
    .selectFrom('api_references as refs')
    .innerJoin('publications', 'publications.publish_id', 'refs.publish_id')
    .select(['publications.publish_id', 'publications.api_id', 'publications.env_id'])
    .distinct()
    .where('refs.kind', '=', kind)
    .where('refs.target_id', 'in', ids)
    .execute()
}

/** APIs whose draft uses it. */
export async function draftsReferring(db: Database, reference: ApiReference): Promise<string[]> {
  const rows = await referencesTo(db, reference).where('publish_id', 'is', null).execute()
  return rows.map(({ api_id }) => api_id)
}

/** Those of the things that exist in an instance, as `<kind> <id>`: see `keyOf`. */
export async function existingTargets(
  db: Database,
  instanceId: string,
  references: readonly ApiReference[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const [kind, table] of tables) {
    const ids = [...new Set(references.filter((reference) => reference.kind === kind).map(({ id }) => id))]
    for (let from = 0; from < ids.length; from += ROWS_PER_INSERT) {
      const rows = await db
        .selectFrom(table)
        .select('id')
        .where('instance_id', '=', instanceId)
        .where('id', 'in', ids.slice(from, from + ROWS_PER_INSERT))
        .execute()
      for (const { id } of rows) found.add(keyOf({ kind, id }))
    }
  }
  return found
}

export const keyOf = ({ kind, id }: ApiReference): string => `${kind} ${id}`

const tables = [
  ['channel', 'vpc_channels'],
  ['authorizer', 'authorizers'],
  ['orchestration', 'orchestrations'],
] as const satisfies readonly (readonly [ReferenceKind, 'vpc_channels' | 'authorizers' | 'orchestrations'])[]

async function insertReferences(db: Database, rows: readonly ApiReferenceRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += ROWS_PER_INSERT)
    await db
      .insertInto('api_references')
      .values(rows.slice(from, from + ROWS_PER_INSERT))
      .execute()
}
