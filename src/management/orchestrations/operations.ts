import { isDeepStrictEqual } from 'node:util'
import { fault } from '../../contract/faults.js'
import type { OrchestrationCreate } from '../../contract/generated/schemas.js'
import { draftsReferring, isReferenced, placesReferring } from '../../store/api-references.js'
import { findApis } from '../../store/apis.js'
import { countIn } from '../../store/counts.js'
import {
  deleteOrchestration,
  insertOrchestration,
  listApisOfOrchestration,
  listOrchestrations,
  orchestrationsAmong,
  updateOrchestration,
  type Orchestration,
} from '../../store/orchestrations.js'
import { notePlaces } from '../binding-plan.js'
import type { Handlers, OperationContext } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { entriesOf, isSoundChain, mayPreprocess, MOST_RULES, nameIsFree, theOrchestration } from './rules.js'
import { attachedApiView, listedOrchestrationView, orchestrationView } from './views.js'

export const orchestrationOperations = {
  createOrchestration: async ({ body }, context) => {
    const { db, instanceId, now } = context
    const content = contentOf(body, undefined)
    if ((await countIn(db, 'orchestrations', instanceId)) >= MOST_RULES) throw fault('APIG.3150')
    await nameIsFree(context, body.orchestration_name)
    const rule = { id: context.newId(), createdAt: now, updatedAt: now, ...content }
    await insertOrchestration(db, instanceId, rule)
    return { status: 201, body: orchestrationView(rule, writtenTime) }
  },

  updateOrchestration: async ({ path, body }, context) => {
    const { db, changed, now } = context
    const before = await theOrchestration(context, path.orchestration_id)
    const rule = { ...before, ...contentOf(body, before), updatedAt: now }
    await nameIsFree(context, body.orchestration_name, before.id)
    await chainsStaySound(context, before, rule)
    await updateOrchestration(db, rule)
    notePlaces(changed, await placesReferring(db, 'orchestration', [rule.id]))
    return { status: 200, body: orchestrationView(rule, writtenTime) }
  },

  showDetailsOfOrchestration: async ({ path }, context) => {
    const rule = await theOrchestration(context, path.orchestration_id)
    return { status: 200, body: orchestrationView(rule, readTime) }
  },

  listOrchestrations: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listOrchestrations(db, instanceId, query, query)
    const orchestrations = rows.map((rule) => listedOrchestrationView(rule, readTime))
    return { status: 200, body: { total, size: orchestrations.length, orchestrations } }
  },

  deleteOrchestration: async ({ path }, context) => {
    const { id } = await theOrchestration(context, path.orchestration_id)
    if (await isReferenced(context.db, { kind: 'orchestration', id })) throw fault('APIG.3716')
    await deleteOrchestration(context.db, id)
    return { status: 204 }
  },

  listOrchestrationAttachedApis: async ({ path, query }, context) => {
    const { id } = await theOrchestration(context, path.orchestration_id)
    const { total, rows } = await listApisOfOrchestration(context.db, id, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(attachedApiView) } }
  },
} satisfies Handlers

/**
 * What a create or an update sets. The parameter that a rule makes never changes once it is there; an update may leave
 * it out.
 */
function contentOf(
  body: OrchestrationCreate,
  before: Orchestration | undefined,
): Pick<Orchestration, 'name' | 'strategy' | 'mappedParam' | 'isPreprocessing' | 'map'> {
  const isPreprocessing = body.is_preprocessing ?? false
  const mappedParam = body.orchestration_mapped_param ?? before?.mappedParam
  if (before?.mappedParam !== undefined && !isDeepStrictEqual(mappedParam, before.mappedParam)) throw fault('APIG.3713')
  if (mappedParam === undefined && !isPreprocessing) throw fault('APIG.2001', { name: 'orchestration_mapped_param' })
  mayPreprocess(body)
  return {
    name: body.orchestration_name,
    strategy: body.orchestration_strategy,
    mappedParam,
    isPreprocessing,
    map: entriesOf(body),
  }
}

/**
 * A rule that turns into another kind must not break the chains that it is in.
 *
 * @throws {Fault} 2011 `orchestration_strategy`, or `is_preprocessing` when only that changes
 */
async function chainsStaySound(context: OperationContext, before: Orchestration, rule: Orchestration): Promise<void> {
  const { db, instanceId } = context
  if (rule.strategy === before.strategy && rule.isPreprocessing === before.isPreprocessing) return
  const documents = await findApis(db, instanceId, await draftsReferring(db, { kind: 'orchestration', id: rule.id }))
  const chains = documents.flatMap(({ req_params }) =>
    req_params.flatMap(({ orchestrations: ids }) => (ids ? [ids] : [])),
  )
  const rules = new Map([...(await orchestrationsAmong(db, instanceId, [...new Set(chains.flat())])), [rule.id, rule]])
  if (chains.every((ids) => isSoundChain(ids.flatMap((id) => rules.get(id) ?? [])))) return
  const name = rule.strategy === before.strategy ? 'is_preprocessing' : 'orchestration_strategy'
  throw fault('APIG.2011', { name })
}
