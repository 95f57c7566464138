import type { ApiAuthInfo, ApiAuthRelations, ApiOutline } from '../../contract/generated/schemas.js'
import type { Authorization, UnauthorizedApi } from '../../store/app-authorizations.js'
import type { AppAuthorizationRow } from '../../store/schema.js'
import { readTime } from '../time.js'

/** Roles, tunnels, lists and visit parameters belong to other editions: here they always have these values. */
const constant = () => ({
  auth_role: 'PROVIDER' as const,
  auth_tunnel: 'NORMAL' as const,
  auth_whitelist: [],
  auth_blacklist: [],
})

export function relationView(
  row: AppAuthorizationRow,
  result: NonNullable<ApiAuthRelations['auth_result']>,
  time: (moment: number) => string,
): ApiAuthRelations {
  return {
    id: row.id,
    api_id: row.api_id,
    app_id: row.app_id,
    auth_result: result,
    auth_time: time(row.created_at),
    visit_params: '',
    ...constant(),
  }
}

/** An authorization that was not made. */
export const failureView = (
  appId: string,
  apiId: string,
  result: NonNullable<ApiAuthRelations['auth_result']>,
): ApiAuthRelations => ({ api_id: apiId, app_id: appId, auth_result: result, visit_params: '', ...constant() })

export function authorizationView(row: Authorization): ApiAuthInfo {
  return {
    id: row.id,
    api_id: row.api_id,
    api_name: row.api_name,
    api_type: row.api_type === 1 ? 1 : 2,
    api_remark: row.remark,
    group_id: row.group_id,
    group_name: row.group_name,
    env_id: row.env_id,
    env_name: row.env_name,
    app_id: row.app_id,
    app_name: row.app_name,
    app_remark: row.app_remark,
    app_type: 'apig',
    app_creator: 'USER',
    publish_id: row.publish_id ?? '',
    auth_time: readTime(row.created_at),
    tags: [...row.tags],
    visit_param: '',
    ...constant(),
  }
}

/** @param env the environment that was asked for: an API that is not published there shows none. */
export function unauthorizedApiView(
  row: UnauthorizedApi,
  env: { readonly id: string; readonly name: string },
): ApiOutline {
  const published = row.publish_id !== null
  return {
    id: row.api_id,
    name: row.name,
    remark: row.remark,
    auth_type: row.auth_type,
    req_uri: row.req_uri,
    group_id: row.group_id,
    group_name: row.group_name,
    publish_id: row.publish_id ?? '',
    run_env_id: published ? env.id : '',
    run_env_name: published ? env.name : '',
    tags: [...row.tags],
  }
}
