import { fault } from '../../contract/faults.js'
import type { ApiAuthRelations } from '../../contract/generated/schemas.js'
import {
  authorizationsAmong,
  deleteAuthorization,
  findAuthorization,
  insertAuthorizations,
  listAuthorizations,
  listUnauthorizedApis,
} from '../../store/app-authorizations.js'
import type { AppAuthorizationRow } from '../../store/schema.js'
import { allApps, theApp, unknownAppBeside } from '../apps/rules.js'
import type { Handlers } from '../operation.js'
import { allApis, distinctIds, theApi, theEnvironment } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { addressesToTake } from './one-per-address.js'
import { authorizationView, failureView, relationView, unauthorizedApiView } from './views.js'

export const appAuthOperations = {
  /** Every app with every API. The APIs need not be published, nor ask for app authentication yet. */
  createAuthorizingAppsV2: async ({ body }, context) => {
    const { db, instanceId, now } = context
    const appIds = distinctIds(body.app_ids, 'app_ids')
    const apiIds = distinctIds(body.api_ids, 'api_ids')
    await theEnvironment(context, body.env_id)
    const appNames = await allApps(context, appIds)
    const apiNames = await allApis(context, apiIds)

    const existing = new Map(
      (await authorizationsAmong(db, body.env_id, appIds, apiIds)).map((row) => [`${row.app_id}/${row.api_id}`, row]),
    )
    const takeAddress = await addressesToTake(context, body.env_id, appIds, apiIds)
    const { code, message } = fault('APIG.3316')
    const added: AppAuthorizationRow[] = []
    const auths: ApiAuthRelations[] = []
    for (const appId of appIds) {
      const before = added.length
      for (const apiId of apiIds) {
        const known = existing.get(`${appId}/${apiId}`)
        if (known !== undefined) {
          const names = { api_name: apiNames.get(apiId), app_name: appNames.get(appId) }
          const skipped = { status: 'SKIPPED', error_code: code, error_msg: message, ...names } as const
          auths.push(relationView(known, skipped, readTime))
          continue
        }
        const other = takeAddress(appId, apiId)
        if (other !== undefined) {
          const { code, message } = fault('APIG.3301', { name: other })
          const result = { status: 'FAILED', error_code: code, error_msg: message } as const
          const names = { api_name: apiNames.get(apiId), app_name: appNames.get(appId) }
          auths.push(failureView(appId, apiId, { ...result, ...names }))
          continue
        }
        const row = { id: context.newId(), instance_id: instanceId, app_id: appId, api_id: apiId }
        const authorization = { ...row, env_id: body.env_id, created_at: now }
        added.push(authorization)
        auths.push(relationView(authorization, { status: 'SUCCESS' }, writtenTime))
      }
      if (added.length > before) context.changed(`app:${appId}`)
    }
    await insertAuthorizations(db, added)
    return { status: 201, body: { auths } }
  },

  cancelingAuthorizationV2: async ({ path }, context) => {
    const authorization = await findAuthorization(context.db, context.instanceId, path.app_auth_id)
    if (authorization === undefined) throw fault('APIG.3009', { id: path.app_auth_id })
    await deleteAuthorization(context.db, authorization.id)
    context.changed(`app:${authorization.app_id}`)
    return { status: 204 }
  },

  listApisBindedToAppV2: async ({ query }, context) => {
    await theApp(context, query.app_id, unknownAppBeside)
    const { total, rows } = await listAuthorizations(context.db, context.instanceId, query, query)
    return { status: 200, body: { total, size: rows.length, auths: rows.map(authorizationView) } }
  },

  listAppsBindedToApiV2: async ({ query }, context) => {
    if (query.api_id !== undefined) await theApi(context, query.api_id)
    const { total, rows } = await listAuthorizations(context.db, context.instanceId, query, query)
    return { status: 200, body: { total, size: rows.length, auths: rows.map(authorizationView) } }
  },

  listApisUnbindedToAppV2: async ({ query }, context) => {
    await theApp(context, query.app_id, unknownAppBeside)
    const env = { id: query.env_id, name: await theEnvironment(context, query.env_id) }
    const pair = { appId: query.app_id, envId: env.id }
    const { total, rows } = await listUnauthorizedApis(context.db, context.instanceId, pair, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map((row) => unauthorizedApiView(row, env)) } }
  },
} satisfies Handlers
