/**
 * The 216 operations as routes. One path for all of them: authenticate, permit, open a transaction, find the
 * instance, validate, run the handler (authentication.md §7 gives the order).
 */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FileReply } from '../contract/operation-parts.js'
import { fault, isFault, type Fault } from '../contract/faults.js'
import { operations, type OperationId } from '../contract/generated/operations.js'
import { validateRequest } from '../contract/validation.js'
import type { Vault } from '../config/vault.js'
import type { Authenticator } from '../iam/authenticate.js'
import { isReadOperation, permits } from '../iam/permissions.js'
import type { Database, Store } from '../store/store.js'
import { notPermitted, planeOf, sendFault, unauthenticated, unexpected, unsupported } from './failures.js'
import { requireInstance } from './instances/state.js'
import type { ManagementSettings, OperationContext } from './operation.js'
import { handlers } from './operations.js'

export interface RouteDependencies {
  readonly store: Store
  readonly vault: Vault
  readonly authenticate: Authenticator
  readonly settings: ManagementSettings
  readonly clock: () => number
}

type AnyHandler = (
  request: { path: unknown; query: unknown; body: unknown },
  context: OperationContext,
) => Promise<{ readonly status: number; readonly body?: unknown }>

const operationIds = Object.keys(operations) as OperationId[]

export function operationRoutes(app: FastifyInstance, dependencies: RouteDependencies): void {
  for (const id of operationIds) {
    app.route({
      method: operations[id].method,
      url: toRoute(operations[id].path),
      async handler(request, reply) {
        const answer = await perform(id, request, dependencies).catch((error: unknown): Answer => {
          if (isFault(error)) return refusal(error)
          request.log.error({ err: error, operation: id }, 'operation failed')
          return refusal(unexpected(planeOf(id)))
        })
        await send(reply, id, answer)
      },
    })
  }
  for (const [path, methods] of methodsByPath())
    app.route({
      method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((method) => !methods.has(method)),
      url: toRoute(path),
      handler: (_request, reply) => sendFault(reply, fault('APIG.9999', {}, 'methodNotAllowed')),
    })
}

interface Answer {
  readonly status: number
  readonly body?: unknown
}

const refusal = ({ code, status, message }: Fault): Answer => ({
  status,
  body: { error_code: code, error_msg: message },
})

async function perform(
  id: OperationId,
  request: FastifyRequest,
  { store, vault, authenticate, settings, clock }: RouteDependencies,
): Promise<Answer> {
  const plane = planeOf(id)
  const path = request.params as Record<string, string>
  const projectId = path['project_id'] ?? ''
  const instanceId = path['instance_id'] ?? ''
  const rawBody = Buffer.isBuffer(request.body) ? request.body : EMPTY

  const identity = await authenticate(
    { method: request.method, url: request.raw.url ?? '', headers: request.raw.headersDistinct, rawBody },
    projectId,
  )
  if (!identity.ok) throw unauthenticated(identity.reason, plane)
  const { caller } = identity
  if (!permits(caller.role, id)) throw notPermitted(plane)
  const handler = handlers[id] as AnyHandler | undefined
  if (handler === undefined) throw unsupported(plane)

  const now = clock()
  const run = async (db: Database, changed: (partKey: string) => void): Promise<Answer> => {
    if (instanceId !== '') await requireInstance(db, { id, projectId, instanceId, now })
    const valid = validateRequest(id, {
      path,
      query: request.query as Record<string, string | string[]>,
      rawBody,
      contentType: request.headers['content-type'],
    })
    return handler(valid, { db, changed, caller, projectId, instanceId, now, newId, vault, settings })
  }
  return isReadOperation(id)
    ? store.read((db) => run(db, refuseChange))
    : store.write(locksOf(id, projectId, instanceId), (tx) => run(tx.db, tx.changed))
}

function send(reply: FastifyReply, id: OperationId, { status, body }: Answer): FastifyReply {
  void reply.code(status)
  if (status === 204) return reply.send()
  if (status < 300 && operations[id].reply === 'file') {
    const file = body as FileReply
    return reply
      .type('application/octet-stream')
      .header('content-disposition', `attachment; filename="${file.fileName}"`)
      .send(file.content)
  }
  return reply.type('application/json').send(JSON.stringify(body ?? {}))
}

/**
 * Writers of one instance run one after another. Operations that create, rename or remove an instance also hold its
 * project, whose names and quota they must agree on; the project comes first, always.
 */
function locksOf(id: OperationId, projectId: string, instanceId: string): string[] {
  const locks = instanceId === '' ? [] : [instanceId]
  return instanceId === '' || operations[id].tag === 'Instances' ? [projectId, ...locks] : locks
}

function methodsByPath(): Map<string, Set<string>> {
  const paths = new Map<string, Set<string>>()
  for (const id of operationIds) {
    const { path, method } = operations[id]
    const methods = paths.get(path)
    if (methods === undefined) paths.set(path, new Set([method]))
    else methods.add(method)
  }
  return paths
}

const toRoute = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

const newId = (): string => randomBytes(16).toString('hex')

const refuseChange = (partKey: string): never => {
  throw new Error(`a read operation tried to change ${partKey}`)
}

const EMPTY = Buffer.alloc(0)
