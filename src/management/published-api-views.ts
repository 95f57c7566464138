/** What the lists of all policies say about a published API. */
import type { ApiForSign, SignApiBindingBase } from '../contract/generated/schemas.js'
import type { PublishedApi } from '../store/published-apis.js'

/** An API that a policy is or could be bound to. */
export function publishedApiView(api: PublishedApi): ApiForSign {
  return {
    id: api.api_id,
    name: api.name,
    type: api.type === 1 ? 1 : 2,
    auth_type: api.auth_type,
    req_method: api.req_method,
    req_uri: api.req_uri,
    remark: api.remark,
    group_id: api.group_id,
    group_name: api.group_name,
    publish_id: api.publish_id,
    run_env_id: api.env_id,
    run_env_name: api.env_name,
    tags: [...api.tags],
  }
}

/** The API of a binding. */
export function boundApiView(api: PublishedApi): SignApiBindingBase {
  return {
    api_id: api.api_id,
    api_name: api.name,
    api_type: api.type === 1 ? 1 : 2,
    api_remark: api.remark,
    req_method: api.req_method,
    group_name: api.group_name,
    publish_id: api.publish_id,
    env_id: api.env_id,
    env_name: api.env_name,
    tags: [...api.tags],
  }
}
