import type {
  AclApiBindingInfo,
  AclBindApiInfo,
  ApiBindAclInfo,
  UnbindApiForAcl,
} from '../../contract/generated/schemas.js'
import type { ReplyBody } from '../../contract/operation.js'
import type { BoundAcl, ControlledApi, OtherControlledApi } from '../../store/acl-bindings.js'
import type { AclBindingRow, AclRow } from '../../store/schema.js'
import { boundApiView, publishedApiView } from '../published-api-views.js'
import { readTime } from '../time.js'

type Time = (moment: number) => string

export function aclView(acl: AclRow, time: Time): ReplyBody<'createAclStrategyV2'> {
  return {
    id: acl.id,
    acl_name: acl.name,
    acl_type: acl.acl_type,
    acl_value: acl.value,
    entity_type: acl.entity_type,
    update_time: time(acl.updated_at),
  }
}

export function bindingView(binding: AclBindingRow, time: Time): AclApiBindingInfo {
  return {
    id: binding.id,
    api_id: binding.api_id,
    env_id: binding.env_id,
    acl_id: binding.acl_id,
    create_time: time(binding.created_at),
  }
}

export function boundAclView(acl: BoundAcl): ApiBindAclInfo {
  return {
    acl_id: acl.id,
    acl_name: acl.name,
    acl_type: acl.acl_type,
    acl_value: acl.value,
    entity_type: acl.entity_type,
    env_id: acl.env_id,
    env_name: acl.env_name,
    bind_id: acl.bind_id,
    bind_time: readTime(acl.bound_at),
  }
}

export function controlledApiView(api: ControlledApi): AclBindApiInfo {
  return { ...boundApiView(api), bind_id: api.bind_id, bind_time: readTime(api.bound_at) }
}

/** Names the policy of the same kind that is in force there, if there is one: it would be replaced. */
export function otherApiView(api: OtherControlledApi): UnbindApiForAcl {
  return { ...publishedApiView(api), ...(api.acl_name !== undefined && { acl_name: api.acl_name }) }
}
