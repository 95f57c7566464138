import { fault } from '../../contract/faults.js'
import type { CertificateForm } from '../../contract/generated/schemas.js'
import { findCertificate } from '../../store/certificates.js'
import { findInstance } from '../../store/instances.js'
import type { CertificateRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'

export async function theCertificate({ db, projectId }: OperationContext, id: string): Promise<CertificateRow> {
  const certificate = await findCertificate(db, projectId, id)
  if (certificate === undefined) throw fault('APIG.3021', { id })
  return certificate
}

/** One for all instances, or the instance's own. */
export const isUsableIn = ({ instance_id }: CertificateRow, instanceId: string): boolean =>
  instance_id === null || instance_id === instanceId

export async function theInstance({ db, projectId, now }: OperationContext, id: string): Promise<void> {
  if ((await findInstance(db, projectId, id, now)) === undefined) throw fault('APIG.3030', { id })
}

/** A certificate for one instance cannot become one for all, nor for another. What is not sent stays. */
export function keepsItsOwner({ instance_id: owner }: CertificateRow, { type, instance_id }: CertificateForm): void {
  if (type !== undefined && (type === 'global') !== (owner === null)) throw fault('APIG.2011', { name: 'type' })
  if (owner !== null && instance_id && instance_id !== owner) throw fault('APIG.2011', { name: 'instance_id' })
}
