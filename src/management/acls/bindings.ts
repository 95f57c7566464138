import { fault } from '../../contract/faults.js'
import {
  aclBindingsAmong,
  aclBindingsOfPublications,
  deleteAclBindings,
  insertAclBindings,
  listAclsOfApi,
  listApisOfAcl,
  listApisWithoutAcl,
} from '../../store/acl-bindings.js'
import type { AclBindingRow } from '../../store/schema.js'
import { notePlaces, planBindings } from '../binding-plan.js'
import type { Handlers } from '../operation.js'
import { allPublications, distinctIds, theApi } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { theAcl } from './rules.js'
import { bindingView, boundAclView, controlledApiView, otherApiView } from './views.js'

export const aclBindingOperations = {
  /** An API in an environment has one policy of each kind: addresses, account names, account ids. */
  createApiAclBindingV2: async ({ body }, context) => {
    const { db, instanceId, now } = context
    const { id: aclId, entity_type } = await theAcl(context, body.acl_id)
    const places = await allPublications(context, distinctIds(body.publish_ids, 'publish_ids'))
    const ids = places.map(({ publish_id }) => publish_id)
    const { replaced, added, bindings } = planBindings(
      places,
      await aclBindingsOfPublications(db, ids, entity_type),
      ({ acl_id }) => acl_id === aclId,
      (place): AclBindingRow => ({
        id: context.newId(),
        instance_id: instanceId,
        acl_id: aclId,
        entity_type,
        ...place,
        created_at: now,
      }),
    )
    await deleteAclBindings(db, replaced)
    await insertAclBindings(db, added)
    notePlaces(context.changed, added)
    const views = bindings.map(({ binding, isNew }) => bindingView(binding, isNew ? writtenTime : readTime))
    return { status: 201, body: { acl_bindings: views } }
  },

  deleteApiAclBindingV2: async ({ path }, { db, instanceId, changed }) => {
    const bindings = await aclBindingsAmong(db, instanceId, [path.acl_bindings_id])
    if (bindings.length === 0) throw fault('APIG.3010')
    await deleteAclBindings(db, bindings)
    notePlaces(changed, bindings)
    return { status: 204 }
  },

  /** What cannot be unbound is told item by item; the rest is unbound. */
  batchDeleteApiAclBindingV2: async ({ body }, { db, instanceId, changed }) => {
    const ids = body.acl_bindings?.length ? distinctIds(body.acl_bindings, 'acl_bindings') : []
    const bindings = await aclBindingsAmong(db, instanceId, ids)
    await deleteAclBindings(db, bindings)
    notePlaces(changed, bindings)

    const unbound = new Set(bindings.map((binding) => binding.id))
    const { code, message } = fault('APIG.3010')
    const failure = ids
      .filter((id) => !unbound.has(id))
      .map((id) => ({ bind_id: id, error_code: code, error_msg: message }))
    return { status: 200, body: { success_count: unbound.size, failure } }
  },

  listApisBindedToAclPolicyV2: async ({ query }, context) => {
    const acl = await theAcl(context, query.acl_id)
    const { total, rows } = await listApisOfAcl(context.db, acl, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(controlledApiView) } }
  },

  listApisUnbindedToAclPolicyV2: async ({ query }, context) => {
    const acl = await theAcl(context, query.acl_id)
    const { total, rows } = await listApisWithoutAcl(context.db, acl, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(otherApiView) } }
  },

  listAclPolicyBindedToApiV2: async ({ query }, context) => {
    await theApi(context, query.api_id)
    const { total, rows } = await listAclsOfApi(context.db, query.api_id, query, query)
    return { status: 200, body: { total, size: rows.length, acls: rows.map(boundAclView) } }
  },
} satisfies Handlers
