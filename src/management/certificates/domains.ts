/** Domains of a certificate: in one instance, in several, or wherever the project has them. */
import { fault } from '../../contract/faults.js'
import type { AttachOrDetachDomainInfo } from '../../contract/generated/schemas.js'
import { listAttachedDomains } from '../../store/domain-certificates.js'
import { domainsNamed, instancesWithDomain, type UrlDomain } from '../../store/domains.js'
import type { CertificateRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { attach, detach } from './attaching.js'
import { hostOf } from './names.js'
import { isUsableIn, theCertificate, theInstance } from './rules.js'
import { attachedDomainView } from './views.js'

/** Entries of one request (quotas.md §7). */
const MOST_DOMAINS = 100

export const certificateDomainOperations = {
  async listAttachedDomainsV2({ path, query }, context) {
    const certificate = await theCertificate(context, path.certificate_id)
    const { total, rows } = await listAttachedDomains(context.db, certificate.id, query, query)
    const domains = rows.map((domain) => attachedDomainView(domain, certificate))
    return { status: 200, body: { total, size: domains.length, bound_domains: domains } }
  },

  async batchAssociateDomainsV2({ path, body }, context) {
    const certificate = await theCertificate(context, path.certificate_id)
    let attached = false
    for (const entry of entriesOf(body))
      for (const domains of await bindingsOf(context, certificate, entry)) {
        await attach(context, certificate, domains, entry.verified_client_certificate_enabled)
        attached = true
      }
    if (!attached) throw fault('APIG.2000', {}, 'noValidDomain')
    return { status: 204 }
  },

  async batchDisassociateDomainsV2({ path, body }, context) {
    const certificate = await theCertificate(context, path.certificate_id)
    let detached = false
    for (const entry of entriesOf(body))
      for (const domains of await bindingsOf(context, certificate, entry))
        detached = (await detach(context, certificate.id, domains)) || detached
    if (!detached) throw fault('APIG.2000', {}, 'noValidDomain')
    return { status: 204 }
  },
} satisfies Handlers

function entriesOf({ domains }: { domains: AttachOrDetachDomainInfo[] }): AttachOrDetachDomainInfo[] {
  if (domains.length > MOST_DOMAINS) throw fault('APIG.2011', { name: 'domains' })
  return domains
}

/** The bindings of the entry's name, by instance; a name that is not bound where it is looked for is passed over. */
async function bindingsOf(
  context: OperationContext,
  certificate: CertificateRow,
  { domain, instance_ids: named = [] }: AttachOrDetachDomainInfo,
): Promise<UrlDomain[][]> {
  for (const id of named) await theInstance(context, id)
  const host = hostOf(domain)
  const instances = named.length > 0 ? named : await instancesWithDomain(context.db, context.projectId, host)
  const found = []
  for (const id of new Set(instances)) {
    if (!isUsableIn(certificate, id)) continue
    const domains = await domainsNamed(context.db, id, host)
    if (domains.length > 0) found.push(domains)
  }
  return found
}
