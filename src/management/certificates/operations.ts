import { fault } from '../../contract/faults.js'
import { deleteCertificate, listCertificates } from '../../store/certificates.js'
import { isAttached } from '../../store/domain-certificates.js'
import type { Handlers } from '../operation.js'
import { certificateDomainOperations } from './domains.js'
import { keepNew, replace } from './keeping.js'
import { keepsItsOwner, theCertificate, theInstance } from './rules.js'
import { certificateDetailView, certificateView } from './views.js'

/** Stands for "all instances" where an instance is asked for. */
const EVERY_INSTANCE = 'common'

export const certificateOperations = {
  /** Without a type, an instance that is named decides. */
  async createCertificateV2({ body }, context) {
    const { type = body.instance_id ? 'instance' : 'global', instance_id } = body
    if (type === 'instance') {
      if (!instance_id) throw fault('APIG.2001', { name: 'instance_id' })
      await theInstance(context, instance_id)
    }
    const owner = type === 'instance' && instance_id ? instance_id : null
    const row = await keepNew(context, body, { instance_id: owner, uploaded_for: '' })
    return { status: 200, body: certificateDetailView(row) }
  },

  /** The instance is looked up: it sees its own certificates, and those for all. */
  async listCertificatesV2({ query }, context) {
    const instanceId = query.instance_id === EVERY_INSTANCE ? null : query.instance_id
    if (instanceId !== null) await theInstance(context, instanceId)
    const { total, rows } = await listCertificates(context.db, context.projectId, { ...query, instanceId }, query)
    return { status: 200, body: { total, size: rows.length, certs: rows.map(certificateView) } }
  },

  async showDetailsOfCertificateV2({ path }, context) {
    return { status: 200, body: certificateDetailView(await theCertificate(context, path.certificate_id)) }
  },

  async updateCertificateV2({ path, body }, context) {
    const before = await theCertificate(context, path.certificate_id)
    keepsItsOwner(before, body)
    return { status: 200, body: certificateDetailView(await replace(context, before, body)) }
  },

  async deleteCertificateV2({ path }, context) {
    const { id } = await theCertificate(context, path.certificate_id)
    if (await isAttached(context.db, id)) throw fault('APIG.2000', {}, 'certificateBound')
    await deleteCertificate(context.db, id)
    context.changed(`certificate:${id}`)
    return { status: 204 }
  },

  ...certificateDomainOperations,
} satisfies Handlers
