/**
 * The HTTP side of the control process: IAM, the operations, health, the contract. No sockets here: the caller listens.
 */
import { randomBytes } from 'node:crypto'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { servedDocument } from '../contract/document.js'
import { fault } from '../contract/faults.js'
import { iamRoutes } from '../iam/routes.js'
import type { RouteDependencies } from './call.js'
import { extraElbRoutes } from './extra-elbs.js'
import { bodyTooLarge, sendFault, unexpected } from './failures.js'
import { operationRoutes } from './routes.js'

export interface AppDependencies extends RouteDependencies {
  /** Absent in tests that do not look at the log. */
  readonly logger?: FastifyBaseLogger
  /** Ready: the database answers and the configuration was handed to the publisher. */
  readonly isReady: () => Promise<boolean>
}

/** authentication.md §2.6: the limit of signed requests. Import files have a smaller one of their own. */
const BODY_LIMIT = 12 * 1024 * 1024

export async function managementApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    ...(dependencies.logger === undefined ? { logger: false } : { loggerInstance: dependencies.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => randomBytes(16).toString('hex'),
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 256 },
  })
  // Some SDKs send a body with GET, and it is part of their signature.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
  keepBodiesRaw(app)

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.header('server', 'api-gateway')
  })
  app.setNotFoundHandler((_request, reply) => sendFault(reply, fault('APIG.9999', {}, 'noRoute')))
  app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return sendFault(reply, bodyTooLarge(BODY_LIMIT))
    if (error.statusCode !== undefined && error.statusCode < 500)
      return sendFault(reply, fault('APIG.2000', { detail: error.message }))
    request.log.error({ err: error }, 'request failed')
    return sendFault(reply, unexpected('APIG'))
  })

  app.get('/healthz', (_request, reply) => reply.type('application/json').send('{"status":"ok"}'))
  app.get('/readyz', async (_request, reply) => {
    const ready = await dependencies.isReady()
    return reply
      .code(ready ? 200 : 503)
      .type('application/json')
      .send(ready ? '{"status":"ok"}' : '{"status":"starting"}')
  })
  app.get('/openapi.json', (request, reply) =>
    reply.type('application/json').send(servedDocument(`${request.protocol}://${request.host}`)),
  )
  iamRoutes(app, dependencies)
  operationRoutes(app, dependencies)
  extraElbRoutes(app, dependencies)
  return app
}

/** A signature covers the bytes as they came: nothing is parsed before it is verified. */
function keepBodiesRaw(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}
