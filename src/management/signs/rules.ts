import { fault } from '../../contract/faults.js'
import type { SignRow } from '../../store/schema.js'
import { findSign, isSignNameTaken } from '../../store/signs.js'
import { isFeatureOn } from '../features/state.js'
import type { OperationContext } from '../operation.js'

/** Keys of type `public_key` need the feature of that name (412 APIG.3548); all other types are always there. */
export async function typeIsSupported(context: OperationContext, type: SignRow['sign_type']): Promise<void> {
  if (type !== 'public_key') return
  if (!(await isFeatureOn(context, 'public_key'))) throw fault('APIG.3548', { id: context.instanceId })
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isSignNameTaken(db, instanceId, name, except)) throw fault('APIG.3207')
}

export async function theSign({ db, instanceId }: OperationContext, id: string): Promise<SignRow> {
  const sign = await findSign(db, instanceId, id)
  if (sign === undefined) throw fault('APIG.3017', { id })
  return sign
}
