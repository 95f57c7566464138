import type { AppQuotaCreate } from '../../contract/generated/schemas.js'
import {
  appsOfQuota,
  deleteAppQuota,
  insertAppQuota,
  listAppQuotas,
  quotaBindingsOfApps,
  updateAppQuota,
} from '../../store/app-quotas.js'
import type { AppQuotaRow } from '../../store/schema.js'
import { theApp } from '../apps/rules.js'
import type { Handlers } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { appQuotaBindingOperations } from './bindings.js'
import { mayBeOneMore, nameIsFree, resetTimeIsMoment, theQuota } from './rules.js'
import { quotaView } from './views.js'

export const appQuotaOperations = {
  createAppQuota: async ({ body }, context) => {
    resetTimeIsMoment(body.reset_time)
    await mayBeOneMore(context)
    await nameIsFree(context, body.name)
    const quota: AppQuotaRow = {
      id: context.newId(),
      instance_id: context.instanceId,
      ...attributes(body),
      created_at: context.now,
    }
    await insertAppQuota(context.db, quota)
    return { status: 201, body: quotaView({ ...quota, bound_app_num: 0 }, writtenTime) }
  },

  updateAppQuota: async ({ path, body }, context) => {
    const { bound_app_num, ...before } = await theQuota(context, path.app_quota_id)
    resetTimeIsMoment(body.reset_time)
    await nameIsFree(context, body.name, before.id)
    const quota: AppQuotaRow = { ...before, ...attributes(body) }
    await updateAppQuota(context.db, quota)
    for (const appId of await appsOfQuota(context.db, quota.id)) context.changed(`app:${appId}`)
    return { status: 200, body: quotaView({ ...quota, bound_app_num }, writtenTime) }
  },

  showAppQuota: async ({ path }, context) => {
    const quota = await theQuota(context, path.app_quota_id)
    return { status: 200, body: quotaView(quota, readTime) }
  },

  listAppQuotas: async ({ query }, { db, instanceId }) => {
    const { total, rows } = await listAppQuotas(db, instanceId, query, query)
    const quotas = rows.map((quota) => quotaView(quota, readTime))
    return { status: 200, body: { total, size: quotas.length, quotas } }
  },

  deleteAppQuota: async ({ path }, context) => {
    const { id } = await theQuota(context, path.app_quota_id)
    for (const appId of await appsOfQuota(context.db, id)) context.changed(`app:${appId}`)
    await deleteAppQuota(context.db, id)
    return { status: 204 }
  },

  /** An app without a quota is no error: the object is empty. */
  showAppBoundAppQuota: async ({ path }, context) => {
    const app = await theApp(context, path.app_id)
    const [binding] = await quotaBindingsOfApps(context.db, [app.id])
    if (binding === undefined) return { status: 200, body: {} }
    const quota = await theQuota(context, binding.quota_id)
    return { status: 200, body: quotaView(quota, readTime) }
  },

  ...appQuotaBindingOperations,
} satisfies Handlers

/** What a create or an update sets: all of it, what is left out to its default. */
function attributes(body: AppQuotaCreate): Omit<AppQuotaRow, 'id' | 'instance_id' | 'created_at'> {
  return {
    name: body.name,
    remark: body.remark ?? '',
    call_limits: body.call_limits,
    time_unit: body.time_unit,
    time_interval: body.time_interval,
    reset_time: body.reset_time ?? '',
  }
}
