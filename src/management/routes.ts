/** The 216 operations as routes; any other method on one of their paths is refused. */
import type { FastifyInstance } from 'fastify'
import { fault } from '../contract/faults.js'
import { operations, type OperationId } from '../contract/generated/operations.js'
import { validateRequest } from '../contract/validation.js'
import { answerCall, answerLongCall, type Answer, type LongWork, type RouteDependencies, type Work } from './call.js'
import { sendFault } from './failures.js'
import type { OperationContext, OperationServices, Transactions } from './operation.js'
import { handlers, longHandlers } from './operations.js'

type AnyHandler = (
  request: { path: unknown; query: unknown; body: unknown },
  context: OperationContext,
) => Promise<Answer>

type AnyLongHandler = (
  request: { path: unknown; query: unknown; body: unknown },
  transactions: Transactions,
  services: OperationServices,
) => Promise<Answer>

const operationIds = Object.keys(operations) as OperationId[]

export function operationRoutes(app: FastifyInstance, dependencies: RouteDependencies): void {
  for (const id of operationIds) {
    const [work, longWork] = [workOf(id), longWorkOf(id, dependencies.services)]
    app.route({
      method: operations[id].method,
      url: toRoute(operations[id].path),
      handler: (request, reply) =>
        longWork === undefined
          ? answerCall(id, request, reply, dependencies, work)
          : answerLongCall(id, request, reply, dependencies, longWork),
    })
  }
  for (const [path, methods] of methodsByPath()) refuseOtherMethods(app, toRoute(path), methods)
}

/** Answers 405 to every method of a path that has no route of its own. */
export function refuseOtherMethods(app: FastifyInstance, url: string, methods: ReadonlySet<string>): void {
  app.route({
    method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((method) => !methods.has(method)),
    url,
    handler: (_request, reply) => sendFault(reply, fault('APIG.9999', {}, 'methodNotAllowed')),
  })
}

function workOf(id: OperationId): Work | undefined {
  const handler = handlers[id] as AnyHandler | undefined
  return handler === undefined ? undefined : (call, context) => handler(validateRequest(id, call), context)
}

/** As everywhere, the instance is looked up before the request is judged. */
function longWorkOf(id: OperationId, services: OperationServices): LongWork | undefined {
  const handler = longHandlers[id] as AnyLongHandler | undefined
  if (handler === undefined) return undefined
  return async (call, transactions) => {
    const request = await transactions.read(() => Promise.resolve(validateRequest(id, call)))
    return handler(request, transactions, services)
  }
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
