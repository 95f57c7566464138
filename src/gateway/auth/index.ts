/** Ways to authenticate, by the auth_type of an API (authentication.md §1). */
import type { ApiDefinition } from '../../snapshot/api-definition.js'
import type { Step } from '../step.js'
import { compileAppAuth, type AppAuthentication } from './app.js'
import { compileIam, type IamAuthentication } from './iam.js'

type AuthContext = Omit<AppAuthentication, 'appCode'> & IamAuthentication

/** The step that authenticates and authorizes a caller; `undefined` where anyone may call. */
export function compileAuth(definition: ApiDefinition, context: AuthContext): Step | undefined {
  // A preflight carries no credentials: an OPTIONS API for CORS is open whatever its auth_type.
  if (definition.req_method === 'OPTIONS' && definition.cors) return undefined
  switch (definition.auth_type) {
    case 'NONE':
      return undefined
    case 'APP':
      return compileAppAuth({ ...context, appCode: definition.app_code_auth_type === 'HEADER' })
    case 'IAM':
      return compileIam(context)
    // By its authorizer, in phase 20 (custom-authorizer.ts).
    case 'AUTHORIZER':
      return undefined
  }
}
