import type { ReplyBody } from '../../contract/operation.js'
import type { CertBase, UrlDomainRefInfo } from '../../contract/generated/schemas.js'
import type { AttachedDomain } from '../../store/domain-certificates.js'
import type { CertificateRow } from '../../store/schema.js'
import { portsAndFlags } from '../domains/views.js'
import { readTime } from '../time.js'
import type { CertificateDetails } from './certificate-facts.js'

/** What a certificate for all instances of its project has in the place of an instance. */
const EVERY_INSTANCE = 'common'

/** Neither the chain nor the key is ever shown. Times have no fraction in any reply (clients.md §4). */
export function certificateView(row: CertificateRow): CertBase {
  return {
    id: row.id,
    name: row.name,
    type: row.instance_id === null ? 'global' : 'instance',
    instance_id: row.instance_id ?? EVERY_INSTANCE,
    project_id: row.project_id,
    common_name: row.common_name,
    san: JSON.parse(row.san) as string[],
    not_after: readTime(row.not_after),
    signature_algorithm: row.signature_algorithm,
    create_time: readTime(row.created_at),
    update_time: readTime(row.updated_at),
    is_has_trusted_root_ca: row.root_ca_algorithm_type !== '',
    algorithm_type: row.algorithm_type,
  }
}

export function certificateDetailView(row: CertificateRow): ReplyBody<'showDetailsOfCertificateV2'> {
  return { ...certificateView(row), not_before: readTime(row.not_before), ...detailsOf(row) }
}

/** Without what the older form of the detail does not have. */
export function domainCertificateView(row: CertificateRow): ReplyBody<'showDetailsOfDomainNameCertificateV2'> {
  const { is_has_trusted_root_ca: _hasRoot, algorithm_type: _algorithm, ...detail } = certificateDetailView(row)
  return detail
}

export function attachedDomainView(domain: AttachedDomain, certificate: CertificateRow): UrlDomainRefInfo {
  return {
    id: domain.id,
    url_domain: domain.name,
    status: 3,
    ...portsAndFlags(domain),
    ssl_id: certificate.id,
    ssl_name: certificate.name,
    api_group_id: domain.group_id,
    api_group_name: domain.group_name,
    instance_id: domain.instance_id,
  }
}

const detailsOf = ({ details }: CertificateRow) => JSON.parse(details) as MutableDetails

type MutableDetails = {
  -readonly [Name in keyof CertificateDetails]: CertificateDetails[Name] extends readonly string[]
    ? string[]
    : CertificateDetails[Name]
}
