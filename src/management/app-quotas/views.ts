import type { AppQuotaAppBinding, AppQuotaAppInfo } from '../../contract/generated/schemas.js'
import type { ReplyBody } from '../../contract/operation.js'
import type { AppQuota, QuotaApp } from '../../store/app-quotas.js'
import type { AppQuotaBindingRow } from '../../store/schema.js'
import { readTime } from '../time.js'

type Time = (moment: number) => string

/** How the time of a binding reads where there is none: the zero of Go's clock. */
const NEVER = '0001-01-01T00:00:00Z'

export function quotaView(quota: AppQuota, time: Time): ReplyBody<'createAppQuota'> {
  return {
    app_quota_id: quota.id,
    name: quota.name,
    remark: quota.remark,
    call_limits: quota.call_limits,
    time_unit: quota.time_unit,
    time_interval: quota.time_interval,
    ...(quota.reset_time !== '' && { reset_time: quota.reset_time }),
    create_time: time(quota.created_at),
    bound_app_num: quota.bound_app_num,
  }
}

export function quotaAppView(app: QuotaApp): AppQuotaAppInfo {
  return {
    app_id: app.id,
    name: app.name,
    status: 1,
    app_key: app.app_key,
    remark: app.remark,
    ...(app.related_domain_id !== '' && { related_domain_id: app.related_domain_id }),
    ...(app.related_project_id !== '' && { related_project_id: app.related_project_id }),
    register_time: readTime(app.created_at),
    update_time: readTime(app.updated_at),
    ...(app.quota_id !== null && { app_quota_id: app.quota_id, app_quota_name: app.quota_name ?? '' }),
    bound_time: app.bound_at === null ? NEVER : readTime(app.bound_at),
  }
}

export function bindingView(binding: AppQuotaBindingRow, time: Time): AppQuotaAppBinding {
  return { app_id: binding.app_id, app_quota_id: binding.quota_id, bound_time: time(binding.created_at) }
}
