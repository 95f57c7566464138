/** Authentication of APIs as security schemes and requirements (openapi-extensions.md §4.2). */
import type { ApiDocument } from '../../../contract/api-document.js'
import type { AuthorizerRow } from '../../../store/schema.js'
import { present } from '../node.js'
import { hasBackends, hasPolicies, type ExportContent } from './content.js'

type Exported = Record<string, unknown>

const [APP, APP_WITH_CODE, IAM] = ['apig-auth-app', 'apig-auth-app-header', 'apig-auth-iam']

/** What a caller of the API needs, and who is asked on the way to the back end: all of it together. */
export function requirementOf(document: ApiDocument, content: ExportContent): Exported[] | undefined {
  const names = new Set<string>()
  if (document.auth_type === 'APP') names.add(document.auth_opt.app_code_auth_type === 'HEADER' ? APP_WITH_CODE : APP)
  if (document.auth_type === 'IAM') names.add(IAM)
  for (const authorizer of authorizersOf(document, content)) names.add(authorizer.name)
  return names.size === 0 ? undefined : [Object.fromEntries([...names].map((name) => [name, []]))]
}

/** The schemes that every export has, and one for each authorizer that is named. */
export function securitySchemes(content: ExportContent): Exported {
  const used = new Map(
    content.apis
      .flatMap(({ document }) => [...authorizersOf(document, content), ...policyAuthorizersOf(document, content)])
      .map((row) => [row.name, row]),
  )
  return {
    [APP]: scheme('Authorization', { 'x-apigateway-auth-type': 'AppSigv1' }),
    [APP_WITH_CODE]: scheme('Authorization', {
      'x-apigateway-auth-type': 'AppSigv1',
      'x-apigateway-auth-opt': { 'appcode-auth-type': 'header' },
    }),
    [IAM]: scheme('unused', { 'x-apigateway-auth-type': 'IAM' }),
    ...Object.fromEntries(
      [...used].map(([name, row]) => [
        name,
        scheme('unused', {
          'x-apigateway-auth-type': 'AUTHORIZER',
          ...(hasPolicies(content) && { 'x-apigateway-authorizer': authorizerOf(row) }),
        }),
      ]),
    ),
  }
}

const scheme = (name: string, extensions: Exported): Exported => ({ type: 'apiKey', in: 'header', name, ...extensions })

function authorizersOf(document: ApiDocument, content: ExportContent): AuthorizerRow[] {
  const { authorizer_id, backend_api, func_info, mock_info } = document
  const backend = hasBackends(content) ? (backend_api ?? func_info ?? mock_info)?.authorizer_id : undefined
  return rowsOf([authorizer_id, backend], content)
}

function policyAuthorizersOf(document: ApiDocument, content: ExportContent): AuthorizerRow[] {
  if (!hasBackends(content)) return []
  const policies = [...document.policy_https, ...document.policy_functions, ...document.policy_mocks]
  return rowsOf(
    policies.map(({ authorizer_id }) => authorizer_id),
    content,
  )
}

function rowsOf(ids: readonly (string | undefined)[], { authorizers }: ExportContent): AuthorizerRow[] {
  return ids.flatMap((id) => (id === undefined ? [] : (authorizers.get(id) ?? [])))
}

function authorizerOf(row: AuthorizerRow): Exported {
  return present({
    type: row.type,
    authorizer_type: row.authorizer_type,
    authorizer_uri: row.authorizer_uri,
    authorizer_version: row.authorizer_version || undefined,
    authorizer_alias_uri: row.authorizer_alias_uri || undefined,
    network_type: row.network_type,
    timeout: row.timeout,
    retry_attempts: row.retry_attempts,
    auth_downgrade_enabled: row.auth_downgrade_enabled === 1,
    ttl: row.ttl,
    need_body: row.need_body === 1,
    user_data: row.user_data || undefined,
    identities: JSON.parse(row.identities) as unknown,
  })
}
