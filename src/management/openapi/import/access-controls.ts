/** `x-apigateway-access-controls`: access control by address (openapi-extensions.md §4.1). */
import { fault } from '../../../contract/faults.js'
import { listAcls, type Acl } from '../../../store/acls.js'
import { aclOperations } from '../../acls/operations.js'
import type { OperationContext } from '../../operation.js'
import { list, member, present, text, upperText } from '../node.js'
import type { DefinitionScope } from './definitions.js'
import { perform } from '../../perform.js'

/** @throws {Fault} as creating or changing the policy does; 400 2012 `entity-type` for another kind of policy */
export async function accessControl(
  { context, overrides }: DefinitionScope,
  name: string,
  definition: unknown,
): Promise<string> {
  if (upperText(member(definition, 'entity-type')) !== 'IP') throw fault('APIG.2012', { name: 'entity-type' })
  const stored = await storedAccessControl(context, name)
  if (stored !== undefined && !overrides) return stored.id
  const value = member(definition, 'value')
  const body = present({
    acl_name: name,
    acl_type: upperText(member(definition, 'acl-type')),
    entity_type: 'IP',
    acl_value: Array.isArray(value) ? list(value).join(',') : text(value),
  })
  if (stored === undefined) {
    const { body: made } = await perform(context, aclOperations, 'createAclStrategyV2', body)
    return made.id ?? ''
  }
  await perform(context, aclOperations, 'updateAclStrategyV2', body, { acl_id: stored.id })
  return stored.id
}

export async function storedAccessControl(
  { db, instanceId }: OperationContext,
  name: string,
): Promise<Acl | undefined> {
  const { rows } = await listAcls(db, instanceId, { name, precise_search: 'name' }, { offset: 0, limit: 1 })
  return rows[0]
}
