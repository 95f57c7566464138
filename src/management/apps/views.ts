import type { Vault } from '../../config/vault.js'
import type { ReplyBody } from '../../contract/operation.js'
import { appCodeContext, appSecretContext } from '../../store/apps.js'
import type { AppCodeRow, AppRow } from '../../store/schema.js'

/** Secrets are shown in clear: clients compare what they read with what they sent (conventions.md §7). */
export function appView(app: AppRow, vault: Vault, time: (moment: number) => string): ReplyBody<'createAnAppV2'> {
  return {
    id: app.id,
    name: app.name,
    remark: app.remark,
    creator: 'USER',
    app_key: app.app_key,
    app_secret: vault.open(app.secret_sealed, appSecretContext(app.id)),
    app_type: 'apig',
    status: 1,
    register_time: time(app.created_at),
    update_time: time(app.updated_at),
    ...(app.related_domain_id !== '' && { related_domain_id: app.related_domain_id }),
    ...(app.related_project_id !== '' && { related_project_id: app.related_project_id }),
  }
}

export function appCodeView(
  code: AppCodeRow,
  vault: Vault,
  time: (moment: number) => string,
): ReplyBody<'createAppCodeV2'> {
  return {
    id: code.id,
    app_id: code.app_id,
    app_code: vault.open(code.code_sealed, appCodeContext(code.id)),
    create_time: time(code.created_at),
  }
}
