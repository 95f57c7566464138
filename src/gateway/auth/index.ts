/** Ways to authenticate, by the auth_type of an API (authentication.md §1). */
import type { ApiDefinition } from '../../snapshot/api-definition.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { compileAppAuth, type AppAuthentication } from './app.js'

/** The step that authenticates and authorizes a caller; `undefined` where anyone may call. */
export function compileAuth(definition: ApiDefinition, context: Omit<AppAuthentication, 'appCode'>): Step | undefined {
  // A preflight carries no credentials: an OPTIONS API for CORS is open whatever its auth_type.
  if (definition.req_method === 'OPTIONS' && definition.cors) return undefined
  switch (definition.auth_type) {
    case 'NONE':
      return undefined
    case 'APP':
      return compileAppAuth({ ...context, appCode: definition.app_code_auth_type === 'HEADER' })
    // The next two have no verifier here. Their APIs are refused, never served to a caller whom nobody has checked.
    case 'IAM':
      return function iamAuthentication(exchange) {
        const { head } = exchange
        const shown = head.header('x-auth-token') ?? head.header('authorization')
        return refuse(exchange, shown === undefined ? 'APIG.0301 missing' : 'APIG.0301')
      }
    case 'AUTHORIZER':
      return function customAuthorizer(exchange) {
        return refuse(exchange, 'APIG.0305 configuration')
      }
  }
}
