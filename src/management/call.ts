/**
 * How one call is let in, whatever it asks for: authenticate, permit, open a transaction, find the instance; then do the
 * work and answer (authentication.md §7 gives the order).
 */
import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FileReply } from '../contract/operation-parts.js'
import { isFault, type Fault } from '../contract/faults.js'
import { operations, type OperationId } from '../contract/generated/operations.js'
import { pathIdIsWellFormed } from '../contract/validation.js'
import type { Vault } from '../config/vault.js'
import type { Authenticator } from '../iam/authenticate.js'
import { isReadOperation, permits } from '../iam/permissions.js'
import type { Database, Store } from '../store/store.js'
import { notPermitted, planeOf, unauthenticated, unexpected, unsupported } from './failures.js'
import { requireInstance } from './instances/state.js'
import type { ManagementSettings, OperationContext, OperationServices, Transactions } from './operation.js'

export interface RouteDependencies {
  readonly store: Store
  readonly vault: Vault
  readonly authenticate: Authenticator
  readonly settings: ManagementSettings
  readonly services: OperationServices
  readonly clock: () => number
}

/** A request as far as it was read before anyone knew who sent it. */
interface ReceivedCall {
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | string[]>>
  readonly rawBody: Buffer
  readonly contentType: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
}

/** What is done once a call is let in, inside its transaction. */
export type Work = (call: ReceivedCall, context: OperationContext) => Promise<Answer>

/** What is done once a call is let in, in transactions of its own. */
export type LongWork = (call: ReceivedCall, transactions: Transactions) => Promise<Answer>

/**
 * Lets a call in as the operation `id` is let in, with its permission, its locks, its states of the instance and its
 * plane of refusals; then does the work. Work that does not exist yet is refused as unsupported.
 */
export function answerCall(
  id: OperationId,
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: RouteDependencies,
  work: Work | undefined,
): Promise<FastifyReply> {
  return answerLongCall(id, request, reply, dependencies, work && inOneTransaction(id, work))
}

/** As `answerCall`, for work that opens its transactions itself. */
export async function answerLongCall(
  id: OperationId,
  request: FastifyRequest,
  reply: FastifyReply,
  dependencies: RouteDependencies,
  work: LongWork | undefined,
): Promise<FastifyReply> {
  const answer = await perform(id, request, dependencies, work).catch((error: unknown): Answer => {
    if (isFault(error)) return refusal(error)
    request.log.error({ err: error, operation: id }, 'operation failed')
    return refusal(unexpected(planeOf(id)))
  })
  return send(reply, id, answer)
}

const inOneTransaction =
  (id: OperationId, work: Work): LongWork =>
  (call, transactions) => {
    const run = (context: OperationContext) => work(call, context)
    return isReadOperation(id) ? transactions.read(run) : transactions.write(run)
  }

const refusal = ({ code, status, message }: Fault): Answer => ({
  status,
  body: { error_code: code, error_msg: message },
})

async function perform(
  id: OperationId,
  request: FastifyRequest,
  { store, vault, authenticate, settings, services, clock }: RouteDependencies,
  work: LongWork | undefined,
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
  if (work === undefined) throw unsupported(plane)

  const now = clock()
  const { memberHealth, registries } = services
  const call: ReceivedCall = {
    path,
    query: request.query as Record<string, string | string[]>,
    rawBody,
    contentType: request.headers['content-type'],
  }
  const context = async (db: Database, changed: (partKey: string) => void): Promise<OperationContext> => {
    if (instanceId !== '') pathIdIsWellFormed(id, 'instance_id', instanceId)
    if (instanceId !== '') await requireInstance(db, { id, projectId, instanceId, now })
    return { db, changed, caller, projectId, instanceId, now, newId, vault, settings, memberHealth, registries }
  }
  const locks = locksOf(id, projectId, instanceId)
  return work(call, {
    read: (step) => store.read(async (db) => step(await context(db, refuseChange))),
    write: (step) => store.write(locks, async (tx) => step(await context(tx.db, tx.changed))),
  })
}

function send(reply: FastifyReply, id: OperationId, { status, body }: Answer): FastifyReply {
  void reply.code(status)
  if (status === 204) return reply.send()
  if (status < 300 && operations[id].reply === 'file') {
    const file = body as FileReply
    return reply
      .type('application/octet-stream')
      .header('content-disposition', attachment(file.fileName))
      .send(file.content)
  }
  return reply.type('application/json').send(JSON.stringify(body ?? {}))
}

/** RFC 6266: names of groups are not made for headers, so readers get them encoded, and an ASCII likeness before that. */
function attachment(fileName: string): string {
  const likeness = fileName.replace(/[^ !#-[\]-~]/g, '_')
  const encoded = encodeURIComponent(fileName).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${likeness}"${likeness === fileName ? '' : `; filename*=UTF-8''${encoded}`}`
}

/**
 * Writers of one instance run one after another. Operations that create, rename or remove an instance also hold its
 * project, whose names and quota they must agree on, and so do those that may attach or detach the project's
 * certificates; the project comes first, always.
 */
function locksOf(id: OperationId, projectId: string, instanceId: string): string[] {
  const locks = instanceId === '' ? [] : [instanceId]
  return instanceId === '' || touchesProject(id) ? [projectId, ...locks] : locks
}

const touchesProject = (id: OperationId): boolean =>
  operations[id].tag === 'Instances' || operations[id].tag === 'Domains & certificates' || id === 'deleteApiGroupV2'

export const newId = (): string => randomBytes(16).toString('hex')

const refuseChange = (partKey: string): never => {
  throw new Error(`a read operation tried to change ${partKey}`)
}

const EMPTY = Buffer.alloc(0)
