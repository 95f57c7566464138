/**
 * Certificates of domains, whichever of the two a client starts from. All bindings of one name in an instance have the
 * same certificates, at most one of each algorithm type, and verify client certificates or not together.
 */
import { fault } from '../../contract/faults.js'
import { attachCertificate, detachCertificates, type DomainCertificate } from '../../store/domain-certificates.js'
import { setClientVerification, type UrlDomain } from '../../store/domains.js'
import type { CertificateRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'
import { covers } from './names.js'

/** @throws {Fault} 400 2103 when the certificate does not stand for the host */
export function standsFor({ common_name, san }: Pick<CertificateRow, 'common_name' | 'san'>, host: string): void {
  if (!covers([common_name, ...(JSON.parse(san) as string[])], host)) throw fault('APIG.2103')
}

/**
 * @param domains every binding of one name in one instance
 * @param verified whether client certificates are verified; without a root CA they never are
 * @throws {Fault} 400 2103; 400 3715 when the root CAs of a domain's certificates were of two types
 */
export async function attach(
  context: OperationContext,
  certificate: CertificateRow,
  domains: readonly UrlDomain[],
  verified: boolean | undefined,
): Promise<void> {
  const [domain] = domains
  if (domain === undefined) return
  standsFor(certificate, domain.host)
  const kept = domain.certificates.filter(
    ({ id, algorithm_type }) => id !== certificate.id && algorithm_type !== certificate.algorithm_type,
  )
  rootsAreOfOneType([...kept, certificate])
  const ids = domains.map(({ id }) => id)
  await detachCertificates(
    context.db,
    ids,
    domain.certificates.filter((one) => !kept.includes(one)).map(({ id }) => id),
  )
  await attachCertificate(context.db, ids, certificate.id)
  const before = domain.verified_client_certificate_enabled === 1
  const byDefault = certificate.root_ca_algorithm_type === '' ? before : true
  await setClientVerification(context.db, ids, hasRoot([...kept, certificate]) && (verified ?? byDefault))
  for (const { group_id } of domains) context.changed(`group:${group_id}`)
}

/** Whether there was anything to detach. */
export async function detach(
  context: OperationContext,
  certificateId: string,
  domains: readonly UrlDomain[],
): Promise<boolean> {
  const [domain] = domains
  if (domain === undefined || !domain.certificates.some(({ id }) => id === certificateId)) return false
  const ids = domains.map(({ id }) => id)
  await detachCertificates(context.db, ids, [certificateId])
  const kept = domain.certificates.filter(({ id }) => id !== certificateId)
  if (!hasRoot(kept)) await setClientVerification(context.db, ids, false)
  for (const { group_id } of domains) context.changed(`group:${group_id}`)
  return true
}

type Rooted = Pick<DomainCertificate, 'root_ca_algorithm_type'>

export const hasRoot = (certificates: readonly Rooted[]): boolean =>
  certificates.some(({ root_ca_algorithm_type }) => root_ca_algorithm_type !== '')

export function rootsAreOfOneType(certificates: readonly Rooted[]): void {
  const types = new Set(certificates.map(({ root_ca_algorithm_type }) => root_ca_algorithm_type))
  types.delete('')
  if (types.size > 1) throw fault('APIG.3715')
}
