import { fault } from '../../contract/faults.js'
import type { AuthorizerCreate } from '../../contract/generated/schemas.js'
import { findAuthorizer, isAuthorizerNameTaken } from '../../store/authorizers.js'
import type { AuthorizerRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'

const LONGEST_USER_DATA = 2_048

/**
 * Identities are where callers prove who they are: an authorizer towards back ends has none.
 *
 * @throws {Fault} 2011 `user_data`, `identities`
 */
export function isConsistent({ type, identities = [], user_data: userData = '' }: AuthorizerCreate): void {
  if (userData.length > LONGEST_USER_DATA) throw fault('APIG.2011', { name: 'user_data' })
  if (type === 'BACKEND' && identities.length > 0) throw fault('APIG.2011', { name: 'identities' })
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isAuthorizerNameTaken(db, instanceId, name, except)) throw fault('APIG.3211')
}

export async function theAuthorizer({ db, instanceId }: OperationContext, id: string): Promise<AuthorizerRow> {
  const authorizer = await findAuthorizer(db, instanceId, id)
  if (authorizer === undefined) throw fault('APIG.3081', { id })
  return authorizer
}
