import type { ReplyBody } from '../../contract/operation.js'
import type { UrlDomain as UrlDomainView } from '../../contract/generated/schemas.js'
import type { UrlDomain } from '../../store/domains.js'
import type { UrlDomainRow } from '../../store/schema.js'

/** No record of the name in the DNS is looked up: a domain counts as resolved from the start. */
const RESOLVED = 3

export function portsAndFlags(row: UrlDomainRow) {
  return {
    min_ssl_version: row.min_ssl_version,
    is_http_redirect_to_https: row.is_http_redirect_to_https === 1,
    verified_client_certificate_enabled: row.verified_client_certificate_enabled === 1,
    ingress_http_port: row.ingress_http_port,
    ingress_https_port: row.ingress_https_port,
  }
}

export function domainView(row: UrlDomainRow): ReplyBody<'associateDomainV2'> {
  return { id: row.id, url_domain: row.name, status: RESOLVED, ...portsAndFlags(row) }
}

/** A domain as one of its group's. `ssl_id` is the certificate of type RSA where there are several. */
export function groupDomainView(domain: UrlDomain): UrlDomainView {
  const [first] = domain.certificates
  return {
    id: domain.id,
    domain: domain.name,
    cname_status: RESOLVED,
    ...portsAndFlags(domain),
    ...(first !== undefined && { ssl_id: first.id, ssl_name: first.name }),
    is_has_trusted_root_ca: domain.certificates.some(hasRootCa),
    ssl_infos: domain.certificates.map((certificate) => ({
      ssl_id: certificate.id,
      ssl_name: certificate.name,
      algorithm_type: certificate.algorithm_type,
      type: certificate.instance_id === null ? 2 : 1,
      is_has_trusted_root_ca: hasRootCa(certificate),
    })),
  }
}

const hasRootCa = ({ root_ca_algorithm_type }: UrlDomain['certificates'][number]): boolean =>
  root_ca_algorithm_type !== ''
