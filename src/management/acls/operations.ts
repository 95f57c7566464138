import { fault } from '../../contract/faults.js'
import type { AclBatchResultFailureResp, ApiAclCreate } from '../../contract/generated/schemas.js'
import { placesOfAcl } from '../../store/acl-bindings.js'
import { aclsAmong, deleteAcls, insertAcl, listAcls, updateAcl, type Acl } from '../../store/acls.js'
import { countIn } from '../../store/counts.js'
import type { AclRow } from '../../store/schema.js'
import { notePlaces } from '../binding-plan.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { distinctIds } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { aclBindingOperations } from './bindings.js'
import { nameIsFree, theAcl, valueIsReadable } from './rules.js'
import { aclView } from './views.js'

export const aclOperations = {
  createAclStrategyV2: async ({ body }, context) => {
    const { db, instanceId, now } = context
    valueIsReadable(body)
    await withinQuota(context, 'ACL_NUM_LIMIT', await countIn(db, 'acls', instanceId))
    await nameIsFree(context, body.acl_name)
    const acl: AclRow = {
      id: context.newId(),
      instance_id: instanceId,
      ...attributes(body),
      created_at: now,
      updated_at: now,
    }
    await insertAcl(db, acl)
    return { status: 201, body: aclView(acl, writtenTime) }
  },

  /** The kind of what is listed cannot change: an API has one policy of each kind. */
  updateAclStrategyV2: async ({ path, body }, context) => {
    const { bind_num: _, ...before } = await theAcl(context, path.acl_id)
    if (body.entity_type !== before.entity_type) throw fault('APIG.2011', { name: 'entity_type' })
    valueIsReadable(body)
    await nameIsFree(context, body.acl_name, before.id)
    const acl: AclRow = { ...before, ...attributes(body), updated_at: context.now }
    await updateAcl(context.db, acl)
    notePlaces(context.changed, await placesOfAcl(context.db, acl.id))
    return { status: 200, body: aclView(acl, writtenTime) }
  },

  showDetailsOfAclPolicyV2: async ({ path }, context) => {
    const acl = await theAcl(context, path.acl_id)
    return { status: 200, body: aclView(acl, readTime) }
  },

  listAclStrategiesV2: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listAcls(db, instanceId, query, query)
    const acls = rows.map((acl) => ({ ...aclView(acl, readTime), bind_num: acl.bind_num }))
    return { status: 200, body: { total, size: acls.length, acls } }
  },

  deleteAclV2: async ({ path }, context) => {
    const acl = await theAcl(context, path.acl_id)
    if (acl.bind_num > 0) throw fault('APIG.3447')
    await deleteAcls(context.db, [acl.id])
    return { status: 204 }
  },

  /** What cannot go is told item by item; the rest goes. */
  batchDeleteAclV2: async ({ body }, { db, instanceId }) => {
    const ids = body.acls?.length ? distinctIds(body.acls, 'acls') : []
    const known = new Map((await aclsAmong(db, instanceId, ids)).map((acl) => [acl.id, acl]))
    const free = [...known.values()].filter((acl) => acl.bind_num === 0).map((acl) => acl.id)
    await deleteAcls(db, free)
    const failure = ids.filter((id) => !free.includes(id)).map((id) => notDeleted(id, known.get(id)))
    return { status: 200, body: { success_count: free.length, failure } }
  },

  ...aclBindingOperations,
} satisfies Handlers

function notDeleted(id: string, acl: Acl | undefined): AclBatchResultFailureResp {
  const { code, message } = acl === undefined ? fault('APIG.3006', { id }) : fault('APIG.3447')
  return { acl_id: id, ...(acl !== undefined && { acl_name: acl.name }), error_code: code, error_msg: message }
}

const attributes = (body: ApiAclCreate) => ({
  name: body.acl_name,
  acl_type: body.acl_type,
  entity_type: body.entity_type,
  value: body.acl_value,
})
