/** Access keys, permanent and temporary, and the question who a key belongs to (authentication.md §4.1). */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findAccessKey, findUser, listAccessKeys, type AccessKey } from '../store/iam.js'
import type { Caller } from './caller.js'
import { FORBIDDEN, IamFault } from './iam-fault.js'
import { authenticated, jsonBody, queryOf } from './iam-request.js'
import type { IamDependencies } from './routes.js'
import { createTemporaryKey, parseTemporaryKeyRequest } from './temporary-keys.js'
import { microseconds } from './token-view.js'

export function keyRoutes(app: FastifyInstance, { store, vault, authenticate, clock }: IamDependencies): void {
  app.post('/v3.0/OS-CREDENTIAL/securitytokens', async (request, reply) => {
    const asked = parseTemporaryKeyRequest(jsonBody(request))
    const owner = await ownerOf(request, asked.token)
    const key = await createTemporaryKey(store, vault, owner, asked.durationSeconds, clock())
    return reply.code(201).send({
      credential: {
        access: key.accessKey,
        secret: key.secretKey,
        securitytoken: key.securityToken,
        expires_at: microseconds(key.expiresAt),
      },
    })
  })

  /** A token in the body stands for the caller, and needs no other credentials. */
  const ownerOf = (request: FastifyRequest, token: string | undefined) =>
    token === undefined
      ? authenticated(authenticate, request)
      : authenticated((call) => authenticate({ ...call, headers: { 'x-auth-token': [token] } }), request)

  app.get('/v3.0/OS-CREDENTIAL/credentials', async (request) => {
    const { caller } = await authenticated(authenticate, request)
    const userId = queryOf(request, 'user_id') ?? caller.userId
    mayRead(caller, userId)
    const user = await store.read((db) => findUser(db, { user: { id: userId }, domain: { id: caller.domainId } }))
    if (user === undefined) throw new IamFault(404, `Could not find user: ${userId}.`)
    const keys = await store.read((db) => listAccessKeys(db, userId))
    return { credentials: keys.map((key) => keyView(key, userId)) }
  })

  app.get<{ Params: { access: string } }>('/v3.0/OS-CREDENTIAL/credentials/:access', async (request) => {
    const { caller } = await authenticated(authenticate, request)
    const found = await store.read((db) => findAccessKey(db, request.params.access))
    if (found === undefined || found.identity.domainId !== caller.domainId || found.key.expiresAt !== undefined)
      throw new IamFault(404, `Could not find credential: ${request.params.access}.`)
    mayRead(caller, found.identity.userId)
    return { credential: keyView(found.key, found.identity.userId) }
  })

  app.get('/v5/caller-identity', async (request) => {
    const { caller } = await authenticated(authenticate, request)
    return {
      account_id: caller.domainId,
      principal_id: caller.userId,
      principal_urn: `iam::${caller.domainId}:user:${caller.userName}`,
    }
  })
}

function mayRead(caller: Caller, userId: string): void {
  if (userId !== caller.userId && caller.role !== 'full') throw new IamFault(403, FORBIDDEN)
}

/** Never the secret: it is shown once, when the key is made. */
const keyView = (key: AccessKey, userId: string) => ({
  user_id: userId,
  access: key.accessKey,
  status: 'active',
  create_time: microseconds(key.createdAt),
  description: '',
})
