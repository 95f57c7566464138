import { randomBytes } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import {
  appCodeContext,
  countAppCodes,
  deleteAppCode,
  findAppCode,
  insertAppCode,
  isAppCodeTaken,
  listAppCodes,
} from '../../store/apps.js'
import type { AppCodeRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { theApp, unknownAppBeside } from './rules.js'
import { appCodeView } from './views.js'

export const appCodeOperations = {
  createAppCodeV2: async ({ path, body }, context) => {
    const code = await addCode(context, path.app_id, body.app_code)
    return { status: 201, body: appCodeView(code, context.vault, writtenTime) }
  },

  createAppCodeAutoV2: async ({ path }, context) => {
    const code = await addCode(context, path.app_id, randomBytes(32).toString('hex'))
    return { status: 201, body: appCodeView(code, context.vault, writtenTime) }
  },

  listAppCodesV2: async ({ path, query }, context) => {
    const app = await theApp(context, path.app_id, unknownAppBeside)
    const { total, rows } = await listAppCodes(context.db, app.id, query)
    const codes = rows.map((code) => appCodeView(code, context.vault, readTime))
    return { status: 200, body: { total, size: codes.length, app_codes: codes } }
  },

  showDetailsOfAppCodeV2: async ({ path }, context) => {
    const code = await theCode(context, path)
    return { status: 201, body: appCodeView(code, context.vault, readTime) }
  },

  deleteAppCodeV2: async ({ path }, context) => {
    const code = await theCode(context, path)
    await deleteAppCode(context.db, code.id)
    context.changed(`app:${code.app_id}`)
    return { status: 204 }
  },
} satisfies Handlers

async function addCode(context: OperationContext, appId: string, text: string): Promise<AppCodeRow> {
  const { db, instanceId, vault, now } = context
  const app = await theApp(context, appId, unknownAppBeside)
  await withinQuota(context, 'APP_CODE_NUM_LIMIT', await countAppCodes(db, app.id))
  const fingerprint = vault.fingerprint(text)
  if (await isAppCodeTaken(db, instanceId, fingerprint))
    throw fault('APIG.2000', { detail: 'The AppCode already exists' })
  const id = context.newId()
  const code: AppCodeRow = {
    id,
    instance_id: instanceId,
    app_id: app.id,
    code_sealed: vault.seal(text, appCodeContext(id)),
    code_fingerprint: fingerprint,
    created_at: now,
  }
  await insertAppCode(db, code)
  context.changed(`app:${app.id}`)
  return code
}

async function theCode(
  context: OperationContext,
  path: { readonly app_id: string; readonly app_code_id: string },
): Promise<AppCodeRow> {
  const app = await theApp(context, path.app_id, unknownAppBeside)
  const code = await findAppCode(context.db, app.id, path.app_code_id)
  if (code === undefined) throw fault('APIG.3082')
  return code
}
