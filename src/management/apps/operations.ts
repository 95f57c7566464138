import { randomBytes } from 'node:crypto'
import { appSecretContext, deleteApp, insertApp, listApps, updateApp } from '../../store/apps.js'
import { countIn } from '../../store/counts.js'
import type { AppRow } from '../../store/schema.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { appAclOperations } from './acl.js'
import { appCodeOperations } from './app-codes.js'
import { keyIsFree, mayChoose, nameIsFree, orKeyIsTaken, theApp } from './rules.js'
import { appView } from './views.js'

/** 128 random bits as 32 hex digits. */
const generated = (): string => randomBytes(16).toString('hex')

export const appOperations = {
  createAnAppV2: async ({ body }, context) => {
    const { db, instanceId, vault, now } = context
    await mayChoose(context, body)
    await withinQuota(context, 'APP_NUM_LIMIT', await countIn(db, 'apps', instanceId))
    await nameIsFree(context, body.name)
    const key = body.app_key ?? generated()
    await keyIsFree(context, key)
    const id = context.newId()
    const app: AppRow = {
      id,
      instance_id: instanceId,
      name: body.name,
      remark: body.remark ?? '',
      app_key: key,
      secret_sealed: vault.seal(body.app_secret ?? generated(), appSecretContext(id)),
      related_domain_id: body.related_domain_id ?? '',
      related_project_id: body.related_project_id ?? '',
      status: 1,
      created_at: now,
      updated_at: now,
    }
    await orKeyIsTaken(insertApp(db, app))
    context.changed(`app:${id}`)
    return { status: 201, body: appView(app, vault, writtenTime) }
  },

  updateAppV2: async ({ path, body }, context) => {
    const { db, vault, now } = context
    const before = await theApp(context, path.app_id)
    await mayChoose(context, body)
    await nameIsFree(context, body.name, before.id)
    const key = body.app_key ?? before.app_key
    await keyIsFree(context, key, before.id)
    const app: AppRow = {
      ...before,
      name: body.name,
      remark: body.remark ?? '',
      app_key: key,
      // A key or secret that is left out stays: only these two are not reset by a full update.
      ...(body.app_secret !== undefined && { secret_sealed: vault.seal(body.app_secret, appSecretContext(before.id)) }),
      related_domain_id: body.related_domain_id ?? '',
      related_project_id: body.related_project_id ?? '',
      updated_at: now,
    }
    await orKeyIsTaken(updateApp(db, app.id, app))
    context.changed(`app:${app.id}`)
    return { status: 200, body: appView(app, vault, writtenTime) }
  },

  resettingAppSecretV2: async ({ path, body }, context) => {
    const { db, vault, now } = context
    const before = await theApp(context, path.app_id)
    await mayChoose(context, { app_secret: body.app_secret })
    const changes = {
      secret_sealed: vault.seal(body.app_secret ?? generated(), appSecretContext(before.id)),
      updated_at: now,
    }
    await updateApp(db, before.id, changes)
    context.changed(`app:${before.id}`)
    return { status: 200, body: appView({ ...before, ...changes }, vault, writtenTime) }
  },

  showDetailsOfAppV2: async ({ path }, context) => {
    const app = await theApp(context, path.app_id)
    return { status: 200, body: appView(app, context.vault, readTime) }
  },

  checkAppV2: async ({ path }, context) => {
    const { id, name, remark } = await theApp(context, path.app_id)
    return { status: 200, body: { id, name, remark } }
  },

  listAppsV2: async ({ query }, { db, instanceId, vault }) => {
    // Apps of the marketplace do not exist here.
    if (query.creator === 'MARKET') return { status: 200, body: { total: 0, size: 0, apps: [] } }
    const { total, rows } = await listApps(db, instanceId, query, query)
    const apps = rows.map((app) => ({ ...appView(app, vault, readTime), bind_num: app.bind_num }))
    return { status: 200, body: { total, size: apps.length, apps } }
  },

  deleteAppV2: async ({ path }, context) => {
    const app = await theApp(context, path.app_id)
    const throttleIds = await deleteApp(context.db, app)
    context.changed(`app:${app.id}`)
    for (const throttleId of throttleIds) context.changed(`throttle:${throttleId}`)
    return { status: 204 }
  },

  ...appCodeOperations,
  ...appAclOperations,
} satisfies Handlers
