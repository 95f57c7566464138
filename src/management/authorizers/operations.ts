import { fault } from '../../contract/faults.js'
import type { AuthorizerCreate } from '../../contract/generated/schemas.js'
import { isReferenced } from '../../store/api-references.js'
import { deleteAuthorizer, insertAuthorizer, listAuthorizers, updateAuthorizer } from '../../store/authorizers.js'
import { countIn } from '../../store/counts.js'
import type { AuthorizerCalls, AuthorizerRow } from '../../store/schema.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { isConsistent, nameIsFree, theAuthorizer } from './rules.js'
import { authorizerView } from './views.js'

/** Function URNs are taken as they are: no function service is configured that could know them. */
export const authorizerOperations = {
  createCustomAuthorizerV2: async ({ body }, context) => {
    const { db, instanceId } = context
    isConsistent(body)
    await withinQuota(context, 'AUTHORIZER_IDENTITY_NUM_LIMIT', 0, body.identities?.length ?? 0)
    await withinQuota(context, 'AUTHORIZER_NUM_LIMIT', await countIn(db, 'authorizers', instanceId))
    await nameIsFree(context, body.name)
    const authorizer: AuthorizerRow = {
      id: context.newId(),
      instance_id: instanceId,
      ...attributes(body),
      ...DEFAULT_CALLS,
      created_at: context.now,
    }
    await insertAuthorizer(db, authorizer)
    context.changed(`authorizer:${authorizer.id}`)
    return { status: 201, body: authorizerView(authorizer, writtenTime) }
  },

  updateCustomAuthorizerV2: async ({ path, body }, context) => {
    const before = await theAuthorizer(context, path.authorizer_id)
    if (body.type !== before.type) throw fault('APIG.2011', { name: 'type' })
    isConsistent(body)
    await withinQuota(context, 'AUTHORIZER_IDENTITY_NUM_LIMIT', 0, body.identities?.length ?? 0)
    await nameIsFree(context, body.name, before.id)
    const authorizer: AuthorizerRow = { ...before, ...attributes(body) }
    await updateAuthorizer(context.db, authorizer)
    context.changed(`authorizer:${authorizer.id}`)
    return { status: 200, body: authorizerView(authorizer, writtenTime) }
  },

  showDetailsOfCustomAuthorizersV2: async ({ path }, context) => {
    const authorizer = await theAuthorizer(context, path.authorizer_id)
    return { status: 200, body: authorizerView(authorizer, readTime) }
  },

  listCustomAuthorizersV2: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listAuthorizers(db, instanceId, query, query)
    const authorizers = rows.map((authorizer) => authorizerView(authorizer, readTime))
    return { status: 200, body: { total, size: authorizers.length, authorizer_list: authorizers } }
  },

  deleteCustomAuthorizerV2: async ({ path }, context) => {
    const { id } = await theAuthorizer(context, path.authorizer_id)
    if (await isReferenced(context.db, { kind: 'authorizer', id })) throw fault('APIG.2000', {}, 'authorizerInUse')
    await deleteAuthorizer(context.db, id)
    context.changed(`authorizer:${id}`)
    return { status: 204 }
  },
} satisfies Handlers

/** Only files of OpenAPI can say something else. */
export const DEFAULT_CALLS: AuthorizerCalls = { timeout: 5_000, retry_attempts: 0, auth_downgrade_enabled: 0 }

/** What a create or an update sets: all of it, what is left out to its default. */
export function attributes(
  body: AuthorizerCreate,
): Omit<AuthorizerRow, 'id' | 'instance_id' | 'created_at' | keyof AuthorizerCalls> {
  return {
    name: body.name,
    type: body.type,
    authorizer_type: body.authorizer_type,
    authorizer_uri: body.authorizer_uri,
    // An alias wins over it when both are given; it is kept, since clients compare.
    authorizer_version: body.authorizer_version ?? '',
    authorizer_alias_uri: body.authorizer_alias_uri ?? '',
    network_type: body.network_type ?? 'V1',
    identities: JSON.stringify(body.identities ?? []),
    ttl: body.ttl ?? 0,
    user_data: body.user_data ?? '',
    need_body: body.need_body === true ? 1 : 0,
  }
}
