/** What an import named for its APIs is bound when they are published where imports are for: in `RELEASE`. */
import { aclBindingsOfPublications, deleteAclBindings, insertAclBindings } from '../../store/acl-bindings.js'
import { aclsAmong } from '../../store/acls.js'
import { deleteDraftBindings, draftBindingsOf } from '../../store/draft-bindings.js'
import { RELEASE } from '../../store/environments.js'
import { attachmentsOf, deleteAttachments, insertAttachments } from '../../store/plugin-attachments.js'
import { pluginsAmong } from '../../store/plugins.js'
import type { Publication } from '../../store/publications.js'
import type { DraftBindingRow } from '../../store/schema.js'
import { bindingsOfPublications, deleteBindings, insertBindings } from '../../store/throttle-bindings.js'
import { throttlesAmong } from '../../store/throttles.js'
import type { OperationContext } from '../operation.js'

/** A policy that was deleted since is passed over. Each takes the place of what was bound before. */
export async function bindDrafts(
  context: OperationContext,
  environmentId: string,
  publications: readonly Publication[],
): Promise<void> {
  if (environmentId !== RELEASE.id) return
  const ids = publications.map(({ apiId }) => apiId)
  const drafts = await draftBindingsOf(context.db, ids)
  if (drafts.length === 0) return
  const published = new Map(publications.map((publication) => [publication.apiId, publication]))
  const places = drafts.flatMap((draft): Place[] => {
    const publication = published.get(draft.api_id)
    return publication === undefined ? [] : [{ draft, publication }]
  })
  await bindThrottles(context, places)
  await bindAcls(context, places)
  await attachPlugins(context, places)
  await deleteDraftBindings(context.db, ids)
}

interface Place {
  readonly draft: DraftBindingRow
  readonly publication: Publication
}

const ofKind = (places: readonly Place[], kind: DraftBindingRow['kind']) =>
  places.filter(({ draft }) => draft.kind === kind)

const targets = (places: readonly Place[]): string[] => [...new Set(places.map(({ draft }) => draft.target_id))]

async function bindThrottles(context: OperationContext, all: readonly Place[]): Promise<void> {
  const { db, instanceId } = context
  const known = new Set((await throttlesAmong(db, instanceId, targets(ofKind(all, 'throttle')))).map(({ id }) => id))
  const places = lastOfEach(
    ofKind(all, 'throttle').filter(({ draft }) => known.has(draft.target_id)),
    ({ publication }) => publication.publishId,
  )
  if (places.length === 0) return
  const replaced = await bindingsOfPublications(
    db,
    places.map(({ publication }) => publication.publishId),
  )
  await deleteBindings(db, replaced)
  const added = places.map((place) => ({ ...row(context, place), throttle_id: place.draft.target_id }))
  await insertBindings(db, added)
  for (const { throttle_id } of [...replaced, ...added]) context.changed(`throttle:${throttle_id}`)
}

/** Imports know one kind of them. */
async function bindAcls(context: OperationContext, all: readonly Place[]): Promise<void> {
  const { db, instanceId } = context
  const acls = await aclsAmong(db, instanceId, targets(ofKind(all, 'acl')))
  const known = new Set(acls.filter(({ entity_type }) => entity_type === 'IP').map(({ id }) => id))
  const places = ofKind(all, 'acl').filter(({ draft }) => known.has(draft.target_id))
  if (places.length === 0) return
  const ids = places.map(({ publication }) => publication.publishId)
  await deleteAclBindings(db, await aclBindingsOfPublications(db, ids, 'IP'))
  await insertAclBindings(
    db,
    lastOfEach(places, ({ publication }) => publication.publishId).map((place) => ({
      ...row(context, place),
      acl_id: place.draft.target_id,
      entity_type: 'IP',
    })),
  )
}

async function attachPlugins(context: OperationContext, all: readonly Place[]): Promise<void> {
  const { db, instanceId } = context
  const plugins = new Map(
    (await pluginsAmong(db, instanceId, targets(ofKind(all, 'plugin')))).map(({ id, type }) => [id, type]),
  )
  const wanted = ofKind(all, 'plugin').flatMap((place) => {
    const type = plugins.get(place.draft.target_id)
    return type === undefined ? [] : [{ ...place, type }]
  })
  if (wanted.length === 0) return
  const places = lastOfEach(wanted, ({ draft, type }) => `${draft.api_id} ${type}`)
  const before = await attachmentsOf(
    db,
    RELEASE.id,
    places.map(({ draft }) => draft.api_id),
  )
  await deleteAttachments(
    db,
    before.filter((one) => places.some(({ draft, type }) => draft.api_id === one.api_id && type === one.plugin_type)),
  )
  await insertAttachments(
    db,
    places.map(({ draft, type }) => ({
      id: context.newId(),
      instance_id: instanceId,
      plugin_id: draft.target_id,
      plugin_type: type,
      api_id: draft.api_id,
      env_id: RELEASE.id,
      created_at: context.now,
    })),
  )
}

function row({ newId, instanceId, now }: OperationContext, { publication }: Place) {
  return {
    id: newId(),
    instance_id: instanceId,
    publish_id: publication.publishId,
    api_id: publication.apiId,
    env_id: publication.environmentId,
    created_at: now,
  }
}

function lastOfEach<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()]
}
