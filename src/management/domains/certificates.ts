/** Certificates of one domain: attached and detached, or uploaded through it as clients did before. */
import { fault } from '../../contract/faults.js'
import { findCertificate } from '../../store/certificates.js'
import { domainsNamed, type UrlDomain } from '../../store/domains.js'
import { findGroup } from '../../store/groups.js'
import type { CertificateRow } from '../../store/schema.js'
import { attach, detach } from '../certificates/attaching.js'
import { keepNew } from '../certificates/keeping.js'
import { isUsableIn, theCertificate } from '../certificates/rules.js'
import { domainCertificateView } from '../certificates/views.js'
import type { Handlers, OperationContext } from '../operation.js'
import { theDomain } from './rules.js'
import { domainView } from './views.js'

export const domainCertificateOperations = {
  async batchAssociateCertsV2({ path, body }, context) {
    const domain = await theDomain(context, path)
    const certificate = await theOneCertificate(context, body)
    await attach(context, certificate, await bindings(context, domain), body.verified_client_certificate_enabled)
    return { status: 204 }
  },

  async batchDisassociateCertsV2({ path, body }, context) {
    const domain = await theDomain(context, path)
    const { id } = await theOneCertificate(context, body)
    if (!(await detach(context, id, await bindings(context, domain)))) throw fault('APIG.3097')
    return { status: 204 }
  },

  /** The certificate becomes one of the instance, listed with the others, and goes with the group at the latest. */
  async associateCertificateV2({ path, body }, context) {
    const domain = await theDomain(context, path)
    const owner = { instance_id: context.instanceId, uploaded_for: domain.group_id }
    const certificate = await keepNew(context, body, owner)
    await attach(context, certificate, await bindings(context, domain), undefined)
    const group = await findGroup(context.db, context.instanceId, domain.group_id)
    return {
      status: 201,
      body: {
        ...domainView(await theDomain(context, path)),
        ssl_id: certificate.id,
        ssl_name: certificate.name,
        instance_id: domain.instance_id,
        api_group_id: domain.group_id,
        api_group_name: group?.name ?? '',
      },
    }
  },

  async showDetailsOfDomainNameCertificateV2({ path }, context) {
    const domain = await theDomain(context, path)
    return { status: 200, body: domainCertificateView(await theBoundCertificate(context, domain, path.certificate_id)) }
  },

  /** The certificate stays, and is listed. */
  async disassociateCertificateV2({ path }, context) {
    const domain = await theDomain(context, path)
    const { id } = await theBoundCertificate(context, domain, path.certificate_id)
    await detach(context, id, await bindings(context, domain))
    return { status: 204 }
  },
} satisfies Handlers

const bindings = ({ db, instanceId }: OperationContext, { host }: UrlDomain): Promise<UrlDomain[]> =>
  domainsNamed(db, instanceId, host)

/** A list, but of one: the operation takes no other number. */
async function theOneCertificate(
  context: OperationContext,
  { certificate_ids: [id, ...more] }: { certificate_ids: string[] },
): Promise<CertificateRow> {
  if (id === undefined || more.length > 0) throw fault('APIG.2012', { name: 'certificate_ids' })
  const certificate = await theCertificate(context, id)
  // That of another instance is as good as unknown here.
  if (!isUsableIn(certificate, context.instanceId)) throw fault('APIG.3021', { id })
  return certificate
}

async function theBoundCertificate(
  { db, projectId }: OperationContext,
  domain: UrlDomain,
  id: string,
): Promise<CertificateRow> {
  const certificate = await findCertificate(db, projectId, id)
  if (certificate === undefined) throw fault('APIG.3025')
  if (!domain.certificates.some((one) => one.id === id)) throw fault('APIG.3097')
  return certificate
}
