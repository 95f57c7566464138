import { fault } from '../../contract/faults.js'
import { describePlaces } from '../../store/published-apis.js'
import type { SignBindingRow } from '../../store/schema.js'
import {
  deleteSignBindings,
  findSignBinding,
  insertSignBindings,
  listApisOfSign,
  listApisWithoutSign,
  listSignsOfApi,
  signBindingsOfPublications,
} from '../../store/sign-bindings.js'
import { notePlaces, planBindings } from '../binding-plan.js'
import type { Handlers } from '../operation.js'
import { allPublications, distinctIds, theApi } from '../references.js'
import { readTime, writtenTime } from '../time.js'
import { theSign } from './rules.js'
import { bindingView, openBindingView, otherApiView } from './views.js'

export const signBindingOperations = {
  associateSignatureKeyV2: async ({ body }, context) => {
    const { db, instanceId, vault, now } = context
    const sign = await theSign(context, body.sign_id)
    const places = await allPublications(context, distinctIds(body.publish_ids, 'publish_ids'))
    const ids = places.map(({ publish_id }) => publish_id)
    const { replaced, added, bindings } = planBindings(
      places,
      await signBindingsOfPublications(db, ids),
      ({ sign_id }) => sign_id === sign.id,
      (place): SignBindingRow => ({
        id: context.newId(),
        instance_id: instanceId,
        sign_id: sign.id,
        ...place,
        created_at: now,
      }),
    )
    await deleteSignBindings(db, replaced)
    await insertSignBindings(db, added)
    notePlaces(context.changed, added)

    const { name: sign_name, sign_type, key_sealed, secret_sealed } = sign
    const applied = bindings.map(({ binding: { publish_id, id, sign_id, created_at }, isNew }) => ({
      publish_id,
      bind_id: id,
      bound_at: created_at,
      sign_id,
      ...{ sign_name, sign_type, key_sealed, secret_sealed, isNew },
    }))
    const described = await describePlaces(db, applied)
    const views = described.map((row) => openBindingView(row, vault, row.isNew ? writtenTime : readTime))
    return { status: 201, body: { bindings: views } }
  },

  disassociateSignatureKeyV2: async ({ path }, { db, instanceId, changed }) => {
    const binding = await findSignBinding(db, instanceId, path.sign_bindings_id)
    if (binding === undefined) throw fault('APIG.3018')
    await deleteSignBindings(db, [binding])
    notePlaces(changed, [binding])
    return { status: 204 }
  },

  listApisBindedToSignatureKeyV2: async ({ query }, context) => {
    const sign = await theSign(context, query.sign_id)
    const { total, rows } = await listApisOfSign(context.db, sign, query, query)
    return { status: 200, body: { total, size: rows.length, bindings: rows.map((row) => bindingView(row)) } }
  },

  listApisNotBoundWithSignatureKeyV2: async ({ query }, context) => {
    const sign = await theSign(context, query.sign_id)
    const { total, rows } = await listApisWithoutSign(context.db, sign, query, query)
    return { status: 200, body: { total, size: rows.length, apis: rows.map(otherApiView) } }
  },

  listSignatureKeysBindedToApiV2: async ({ query }, context) => {
    await theApi(context, query.api_id)
    const { total, rows } = await listSignsOfApi(context.db, query.api_id, query, query)
    const bindings = rows.map((row) => openBindingView(row, context.vault))
    return { status: 200, body: { total, size: rows.length, bindings } }
  },
} satisfies Handlers
