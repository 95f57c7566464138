/** How a definition becomes an API, or replaces one, whichever operation it came with. */
import type { ApiDocument } from '../../contract/api-document.js'
import { fault } from '../../contract/faults.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'
import { setDraftReferences } from '../../store/api-references.js'
import {
  apiNameIsTaken,
  countApis,
  countApisOfGroup,
  insertApi,
  nameOfApiAt,
  updateApi,
  type NameScope,
} from '../../store/apis.js'
import type { OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { longestBackendTimeout } from './backend-timeout.js'
import { policiesOf } from './backends.js'
import { apiDocument } from './document.js'
import { pathKey } from './path.js'
import { referencesExist, referencesOf } from './references.js'
import { definitionIsConsistent } from './rules.js'

type ApiAddress = Pick<ApiCreate, 'req_uri' | 'match_mode' | 'req_method'>

/**
 * @param mayStandBesideAny whether an API for every method and APIs for single methods may share the path
 * @throws {Fault} whatever the definition breaks: in itself, beside the others, or by its number
 */
export async function createApi(
  context: OperationContext,
  api: ApiCreate,
  mayStandBesideAny = false,
): Promise<ApiDocument> {
  const { db, instanceId, now } = context
  await definitionIsAcceptable(context, api, '')
  await pathIsFree(context, { groupId: api.group_id }, api, '', mayStandBesideAny)
  await withinQuota(context, 'API_NUM_LIMIT', await countApis(db, instanceId))
  await withinQuota(context, 'API_NUM_LIMIT_PER_GROUP', await countApisOfGroup(db, api.group_id))
  const document = apiDocument(api, undefined, context)
  await insertApi(db, document, { instanceId, pathKey: pathKey(api.req_uri), createdAt: now, updatedAt: now })
  await setDraftReferences(db, document.id, referencesOf(document), now)
  return document
}

/** Replaces all of a definition; what is published stays as it is. @throws {Fault} as `createApi` */
export async function replaceApi(context: OperationContext, before: ApiDocument, api: ApiCreate): Promise<ApiDocument> {
  const { db, instanceId, now } = context
  if (api.group_id !== before.group_id)
    await withinQuota(context, 'API_NUM_LIMIT_PER_GROUP', await countApisOfGroup(db, api.group_id))
  await definitionIsAcceptable(context, api, before.id)
  // What may share its path with others was decided when it came there: an import lets more stand beside each other.
  if (!isSameAddress(before, api)) await pathIsFree(context, { groupId: api.group_id }, api, before.id)
  const document = apiDocument(api, before, context)
  const createdAt = Date.parse(before.register_time)
  await updateApi(db, document, { instanceId, pathKey: pathKey(api.req_uri), createdAt, updatedAt: now })
  await setDraftReferences(db, document.id, referencesOf(document), now)
  return document
}

/** @throws {Fault} 400 3202 */
export async function nameIsFree(
  { db }: OperationContext,
  scope: NameScope,
  name: string,
  exceptId: string,
): Promise<void> {
  if (await apiNameIsTaken(db, scope, name, exceptId)) throw fault('APIG.3202', { name })
}

/** @throws {Fault} 400 3301 with the name of the API that is there */
export async function pathIsFree(
  { db }: OperationContext,
  scope: NameScope,
  { req_uri, match_mode, req_method }: ApiAddress,
  exceptId: string,
  mayStandBesideAny = false,
): Promise<void> {
  const path = { pathKey: pathKey(req_uri), matchMode: match_mode ?? 'NORMAL', method: req_method, mayStandBesideAny }
  const name = await nameOfApiAt(db, scope, path, exceptId)
  if (name !== undefined) throw fault('APIG.3301', { name })
}

function isSameAddress(before: ApiDocument, api: ApiCreate): boolean {
  return (
    api.group_id === before.group_id &&
    api.req_method === before.req_method &&
    (api.match_mode ?? 'NORMAL') === before.match_mode &&
    pathKey(api.req_uri) === pathKey(before.req_uri)
  )
}

/** All that a definition must fulfil but for its path; `exceptId` is the API that it replaces. */
async function definitionIsAcceptable(context: OperationContext, api: ApiCreate, exceptId: string): Promise<void> {
  await sizesAreAcceptable(context, api)
  definitionIsConsistent(api, await longestBackendTimeout(context))
  await referencesExist(context, api)
  await nameIsFree(context, { groupId: api.group_id }, api.name, exceptId)
}

/** Limits that are records: parameters, tags, policies and their conditions. */
async function sizesAreAcceptable(context: OperationContext, api: ApiCreate): Promise<void> {
  const policies = policiesOf(api)
  const conditions = Math.max(0, ...policies.map((policy) => policy.conditions.length))
  await withinQuota(context, 'API_PARAM_NUM_LIMIT', 0, api.req_params?.length ?? 0)
  await withinQuota(context, 'API_TAG_NUM_LIMIT', 0, new Set(api.tags).size)
  await withinQuota(context, 'API_POLICY_NUM_LIMIT', 0, policies.length)
  await withinQuota(context, 'API_CONDITION_NUM_LIMIT', 0, conditions)
}
