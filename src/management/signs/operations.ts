import { fault } from '../../contract/faults.js'
import { countIn } from '../../store/counts.js'
import type { SignRow } from '../../store/schema.js'
import {
  deleteSign,
  insertSign,
  listSigns,
  placesOfSign,
  signKeyContext,
  signSecretContext,
  updateSign,
} from '../../store/signs.js'
import { notePlaces } from '../binding-plan.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'
import { signBindingOperations } from './bindings.js'
import { completeMaterial, materialFits } from './material.js'
import { nameIsFree, theSign, typeIsSupported } from './rules.js'
import { signView } from './views.js'

export const signOperations = {
  createSignatureKeyV2: async ({ body }, context) => {
    const { db, instanceId, vault, now } = context
    const { name, sign_type = 'hmac', sign_algorithm = '', sign_key, sign_secret } = body
    const given = { sign_type, sign_algorithm, sign_key, sign_secret }
    materialFits(given)
    await typeIsSupported(context, sign_type)
    await withinQuota(context, 'SIGN_NUM_LIMIT', await countIn(db, 'signs', instanceId))
    await nameIsFree(context, name)
    const material = await completeMaterial(given)
    const id = context.newId()
    const sign: SignRow = {
      id,
      instance_id: instanceId,
      name,
      sign_type,
      sign_algorithm,
      key_sealed: vault.seal(material.sign_key, signKeyContext(id)),
      secret_sealed: vault.seal(material.sign_secret, signSecretContext(id)),
      created_at: now,
      updated_at: now,
    }
    await insertSign(db, sign)
    return { status: 201, body: signView(sign, vault, writtenTime) }
  },

  /** The type is fixed. A key, a secret or an algorithm that is left out stays. */
  updateSignatureKeyV2: async ({ path, body }, context) => {
    const { db, vault, now } = context
    const before = await theSign(context, path.sign_id)
    const { id, sign_type } = before
    if (body.sign_type !== undefined && body.sign_type !== sign_type) throw fault('APIG.2011', { name: 'sign_type' })
    const material = {
      sign_type,
      sign_algorithm: body.sign_algorithm || before.sign_algorithm,
      sign_key: body.sign_key ?? vault.open(before.key_sealed, signKeyContext(id)),
      sign_secret: body.sign_secret ?? vault.open(before.secret_sealed, signSecretContext(id)),
    }
    materialFits(material)
    await typeIsSupported(context, sign_type)
    await nameIsFree(context, body.name, id)
    const sign: SignRow = {
      ...before,
      name: body.name,
      sign_algorithm: material.sign_algorithm,
      key_sealed: vault.seal(material.sign_key, signKeyContext(id)),
      secret_sealed: vault.seal(material.sign_secret, signSecretContext(id)),
      updated_at: now,
    }
    await updateSign(db, sign)
    notePlaces(context.changed, await placesOfSign(db, id))
    return { status: 200, body: signView(sign, vault, writtenTime) }
  },

  listSignatureKeysV2: async ({ query }, { db, instanceId, vault }) => {
    const { total, rows } = await listSigns(db, instanceId, query, query)
    // Bindings to APIs of the former kind are not in use.
    const signs = rows.map((sign) => ({
      ...signView(sign, vault, readTime),
      bind_num: sign.bind_num,
      ldapi_bind_num: 0,
    }))
    return { status: 200, body: { total, size: signs.length, signs } }
  },

  /** A key that is in use may go: its bindings go with it. */
  deleteSignatureKeyV2: async ({ path }, context) => {
    const { id } = await theSign(context, path.sign_id)
    notePlaces(context.changed, await placesOfSign(context.db, id))
    await deleteSign(context.db, id)
    return { status: 204 }
  },

  ...signBindingOperations,
} satisfies Handlers
