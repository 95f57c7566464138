import { fault } from '../../contract/faults.js'
import {
  deleteQuotaBinding,
  insertQuotaBindings,
  listAppsOfQuota,
  listAppsWithoutQuota,
  quotaBindingsOfApps,
} from '../../store/app-quotas.js'
import type { AppQuotaBindingRow } from '../../store/schema.js'
import { allApps, theApp, unknownAppBeside } from '../apps/rules.js'
import type { Handlers } from '../operation.js'
import { distinctIds } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { theQuota } from './rules.js'
import { bindingView, quotaAppView } from './views.js'

export const appQuotaBindingOperations = {
  /** An app has one quota, which has to be taken from it before it can get another one. */
  associateAppsForAppQuota: async ({ path, body }, context) => {
    const { db, now } = context
    const quota = await theQuota(context, path.app_quota_id, 'binding')
    const appIds = distinctIds(body.app_ids, 'app_ids')
    await allApps(context, appIds)
    const before = new Map((await quotaBindingsOfApps(db, appIds)).map((binding) => [binding.app_id, binding]))
    if ([...before.values()].some(({ quota_id }) => quota_id !== quota.id))
      throw fault('APIG.2011', { name: 'app_ids' })
    const added = appIds
      .filter((id) => !before.has(id))
      .map((id): AppQuotaBindingRow => ({ app_id: id, quota_id: quota.id, created_at: now }))
    await insertQuotaBindings(db, added)
    for (const { app_id } of added) context.changed(`app:${app_id}`)

    const addedTo = new Map(added.map((binding) => [binding.app_id, binding]))
    const applies = appIds.flatMap((id) => {
      const fresh = addedTo.get(id)
      const binding = fresh ?? before.get(id)
      return binding === undefined ? [] : [bindingView(binding, fresh === undefined ? readTime : writtenTime)]
    })
    return { status: 201, body: { applies } }
  },

  /** An app that has not got the quota is none of its apps. */
  disassociateAppQuotaWithApp: async ({ path }, context) => {
    const quota = await theQuota(context, path.app_quota_id, 'binding')
    const app = await theApp(context, path.app_id, unknownAppBeside)
    if (!(await deleteQuotaBinding(context.db, quota.id, app.id))) throw unknownAppBeside(app.id)
    context.changed(`app:${app.id}`)
    return { status: 204 }
  },

  listAppQuotaBindableApps: async ({ path, query }, context) => {
    await theQuota(context, path.app_quota_id, 'binding')
    const { total, rows } = await listAppsWithoutQuota(context.db, context.instanceId, query.app_name, query)
    return { status: 200, body: { total, size: rows.length, apps: rows.map(quotaAppView) } }
  },

  listAppQuotaBoundApps: async ({ path, query }, context) => {
    const quota = await theQuota(context, path.app_quota_id, 'binding')
    const { total, rows } = await listAppsOfQuota(context.db, quota.id, query.app_name, query)
    return { status: 200, body: { total, size: rows.length, apps: rows.map(quotaAppView) } }
  },
} satisfies Handlers
