import { fault } from '../../contract/faults.js'
import type { ApiAclCreate } from '../../contract/generated/schemas.js'
import { aclsAmong, isAclNameTaken, type Acl } from '../../store/acls.js'
import { isAddressRange } from '../address-ranges.js'
import type { OperationContext } from '../operation.js'

/** The contract counts addresses and knows their characters; this reads them. Blanks around the commas are allowed. */
export function valueIsReadable({ entity_type, acl_value }: ApiAclCreate): void {
  if (entity_type !== 'IP') return
  if (!acl_value.split(',').every((entry) => isAddressRange(entry.trim())))
    throw fault('APIG.2011', { name: 'acl_value' })
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isAclNameTaken(db, instanceId, name, except)) throw fault('APIG.3206')
}

export async function theAcl({ db, instanceId }: OperationContext, id: string): Promise<Acl> {
  const [acl] = await aclsAmong(db, instanceId, [id])
  if (acl === undefined) throw fault('APIG.3006', { id })
  return acl
}
