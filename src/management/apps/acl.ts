import { fault } from '../../contract/faults.js'
import type { ShowDetailsOfAppAclResponse } from '../../contract/generated/schemas.js'
import { deleteAppAcl, findAppAcl, setAppAcl, type AppAcl } from '../../store/app-acls.js'
import { isAddressRange } from '../address-ranges.js'
import type { Handlers } from '../operation.js'
import { theApp, unknownAppBeside } from './rules.js'

/** Entries of an app's list (quotas.md §5). */
const MOST_VALUES = 100

export const appAclOperations = {
  /** Takes the place of the list that the app had. */
  updateAppAcl: async ({ path, body }, context) => {
    const app = await theApp(context, path.app_id, unknownAppBeside)
    const { app_acl_type: type, app_acl_values: values } = body
    if (values.length > MOST_VALUES || !values.every(isAddressRange))
      throw fault('APIG.2011', { name: 'app_acl_values' })
    await setAppAcl(context.db, app.id, { type, values })
    context.changed(`app:${app.id}`)
    return { status: 201, body: appAclView(app.id, { type, values }) }
  },

  /** An app without a list is no error: the object is empty, which clients take as "gone". */
  showDetailsOfAppAcl: async ({ path }, context) => {
    const app = await theApp(context, path.app_id, unknownAppBeside)
    const acl = await findAppAcl(context.db, app.id)
    return { status: 200, body: acl === undefined ? {} : appAclView(app.id, acl) }
  },

  deleteAppAcl: async ({ path }, context) => {
    const app = await theApp(context, path.app_id, unknownAppBeside)
    if (await deleteAppAcl(context.db, app.id)) context.changed(`app:${app.id}`)
    return { status: 204 }
  },
} satisfies Handlers

const appAclView = (appId: string, { type, values }: AppAcl): ShowDetailsOfAppAclResponse => ({
  app_id: appId,
  app_acl_type: type,
  app_acl_values: [...values],
})
