/**
 * The part of IAM that the official SDKs and the Terraform provider call by themselves (authentication.md §1, §4),
 * on the listener of the management API. Its errors have IAM's envelope, and everything unknown below its prefixes
 * is its 404.
 */
import type { FastifyInstance } from 'fastify'
import type { Vault } from '../config/vault.js'
import type { Store } from '../store/store.js'
import type { Authenticator } from './authenticate.js'
import { directoryRoutes } from './directory-routes.js'
import { IamFault, iamErrorBody } from './iam-fault.js'
import { keyRoutes } from './key-routes.js'
import { LoginAttempts } from './login-attempts.js'
import { tokenRoutes } from './token-routes.js'
import { versionRoutes } from './version-routes.js'

/** The application must hand over bodies as they came, as a `Buffer`, of GET too: signatures cover them. */
export interface IamDependencies {
  readonly store: Store
  readonly vault: Vault
  readonly authenticate: Authenticator
  readonly settings: { readonly region: string }
  readonly clock: () => number
}

export function iamRoutes(app: FastifyInstance, dependencies: IamDependencies): void {
  void app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('x-iam-trace-id', request.id)
    })
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      if (error instanceof IamFault)
        return reply
          .code(error.status)
          .headers(error.headers)
          .type('application/json')
          .send(iamErrorBody(error.status, error.message))
      const status = error.statusCode ?? 500
      if (status >= 500) request.log.error({ err: error }, 'IAM request failed')
      const message =
        status >= 500 ? 'An unexpected error prevented the server from fulfilling your request.' : error.message
      return reply.code(status).type('application/json').send(iamErrorBody(status, message))
    })

    versionRoutes(scope)
    tokenRoutes(scope, { ...dependencies, attempts: new LoginAttempts() })
    directoryRoutes(scope, dependencies)
    keyRoutes(scope, dependencies)
    for (const prefix of ['/v3', '/v3.0', '/v5'])
      scope.all(`${prefix}/*`, () => {
        throw new IamFault(404, 'The API does not exist.')
      })
  })
}
