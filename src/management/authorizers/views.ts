import type { AuthorizerResp, Identity } from '../../contract/generated/schemas.js'
import type { AuthorizerRow } from '../../store/schema.js'

export function authorizerView(authorizer: AuthorizerRow, time: (moment: number) => string): AuthorizerResp {
  return {
    id: authorizer.id,
    name: authorizer.name,
    type: authorizer.type,
    authorizer_type: authorizer.authorizer_type,
    authorizer_uri: authorizer.authorizer_uri,
    authorizer_version: authorizer.authorizer_version,
    authorizer_alias_uri: authorizer.authorizer_alias_uri,
    network_type: authorizer.network_type,
    // Written by the operations of this folder.
    identities: JSON.parse(authorizer.identities) as Identity[],
    ttl: authorizer.ttl,
    user_data: authorizer.user_data,
    need_body: authorizer.need_body === 1,
    create_time: time(authorizer.created_at),
  }
}
