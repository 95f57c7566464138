import type { Vault } from '../../config/vault.js'
import type { ApiForSign, SignApiBindingBase, SignApiBindingInfo } from '../../contract/generated/schemas.js'
import type { ReplyBody } from '../../contract/operation.js'
import type { SignRow } from '../../store/schema.js'
import type { OtherSignedApi, SignBinding } from '../../store/sign-bindings.js'
import { signKeyContext, signSecretContext } from '../../store/signs.js'
import { boundApiView, publishedApiView } from '../published-api-views.js'
import { readTime } from '../time.js'

type Time = (moment: number) => string

/** Keys and secrets are shown in clear: clients compare what they read with what they sent (conventions.md §7). */
export function signView(sign: SignRow, vault: Vault, time: Time): ReplyBody<'createSignatureKeyV2'> {
  return {
    id: sign.id,
    name: sign.name,
    sign_type: sign.sign_type,
    ...(sign.sign_algorithm !== '' && { sign_algorithm: sign.sign_algorithm }),
    sign_key: vault.open(sign.key_sealed, signKeyContext(sign.id)),
    sign_secret: vault.open(sign.secret_sealed, signSecretContext(sign.id)),
    create_time: time(sign.created_at),
    update_time: time(sign.updated_at),
  }
}

/** A binding among those of one key. */
export function bindingView(binding: SignBinding, time: Time = readTime): SignApiBindingBase {
  return {
    id: binding.bind_id,
    ...boundApiView(binding),
    sign_id: binding.sign_id,
    sign_name: binding.sign_name,
    binding_time: time(binding.bound_at),
  }
}

/** A binding with what the gateway signs with there. */
export function openBindingView(binding: SignBinding, vault: Vault, time: Time = readTime): SignApiBindingInfo {
  return {
    ...bindingView(binding, time),
    sign_type: binding.sign_type,
    sign_key: vault.open(binding.key_sealed, signKeyContext(binding.sign_id)),
    sign_secret: vault.open(binding.secret_sealed, signSecretContext(binding.sign_id)),
  }
}

/** Names the key that is in force there, if there is one: it would be replaced. */
export function otherApiView(api: OtherSignedApi): ApiForSign {
  return { ...publishedApiView(api), ...(api.sign_name !== undefined && { signature_name: api.sign_name }) }
}
