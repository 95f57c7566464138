import { fault } from '../../contract/faults.js'
import type { CertificateForm } from '../../contract/generated/schemas.js'
import {
  certificateKeyContext,
  certificateNameIsTaken,
  countCertificates,
  insertCertificate,
  updateCertificate,
} from '../../store/certificates.js'
import { domainsWith } from '../../store/domain-certificates.js'
import { domainsNamed, setClientVerification } from '../../store/domains.js'
import type { CertificateRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'
import { hasRoot, rootsAreOfOneType, standsFor } from './attaching.js'
import { acceptUpload, type Material, type Upload } from './upload.js'

/** Certificates of a project (quotas.md §1). */
const MOST_CERTIFICATES = 100

/** For whom a certificate is kept: all instances (`null`) or one, the project or a domain of a group. */
export type Owner = Pick<CertificateRow, 'instance_id' | 'uploaded_for'>

/** @throws {Fault} what `acceptUpload` throws; 400 3325 the name is taken, 403 3100 there are too many */
export async function keepNew(
  context: OperationContext,
  form: Upload & Pick<CertificateForm, 'name'>,
  owner: Owner,
): Promise<CertificateRow> {
  const { db, projectId, now } = context
  const material = acceptUpload(form, now)
  await nameIsFree(context, form.name)
  if ((await countCertificates(db, projectId)) >= MOST_CERTIFICATES) throw fault('APIG.3100')
  const id = context.newId()
  const row: CertificateRow = {
    id,
    project_id: projectId,
    ...owner,
    name: form.name,
    ...columnsOf(context, id, material),
    created_at: now,
    updated_at: now,
  }
  await insertCertificate(db, row)
  context.changed(`certificate:${id}`)
  return row
}

/**
 * Replaces the contents, wherever the certificate is attached; for whom it is kept stays as it was.
 *
 * @throws {Fault} what `acceptUpload` throws; 400 3325 the name is taken, 2051 a domain has another certificate of the
 *   new algorithm type, 2103 the new contents do not stand for a domain, 3715 root CAs of two types on one domain
 */
export async function replace(
  context: OperationContext,
  before: CertificateRow,
  form: Upload & Pick<CertificateForm, 'name'>,
): Promise<CertificateRow> {
  const material = acceptUpload(form, context.now)
  await nameIsFree(context, form.name, before.id)
  const row: CertificateRow = {
    ...before,
    ...columnsOf(context, before.id, material),
    name: form.name,
    updated_at: context.now,
  }
  await keepDomains(context, row)
  await updateCertificate(context.db, row)
  context.changed(`certificate:${row.id}`)
  return row
}

/** A root CA that is new to a domain verifies nobody until it is switched on; one that goes, switches it off. */
async function keepDomains(context: OperationContext, certificate: CertificateRow): Promise<void> {
  for (const { instance_id, host, id, group_id } of await domainsWith(context.db, certificate.id)) {
    standsFor(certificate, host)
    const domain = (await domainsNamed(context.db, instance_id, host)).find((one) => one.id === id)
    const others = domain?.certificates.filter((one) => one.id !== certificate.id) ?? []
    if (others.some(({ algorithm_type }) => algorithm_type === certificate.algorithm_type)) throw fault('APIG.2051')
    rootsAreOfOneType([...others, certificate])
    if (!hasRoot([...others, certificate])) await setClientVerification(context.db, [id], false)
    context.changed(`group:${group_id}`)
  }
}

async function nameIsFree({ db, projectId }: OperationContext, name: string, exceptId?: string): Promise<void> {
  if (await certificateNameIsTaken(db, projectId, name, exceptId)) throw fault('APIG.3325', {}, 'certificate')
}

/** What an upload sets. */
function columnsOf({ vault }: OperationContext, id: string, material: Material) {
  const { facts } = material
  return {
    content: material.content,
    key_sealed: vault.seal(material.privateKey, certificateKeyContext(id)),
    trusted_root_ca: material.trustedRootCa,
    algorithm_type: material.algorithmType,
    root_ca_algorithm_type: material.rootCaAlgorithmType,
    common_name: facts.commonName,
    san: JSON.stringify(facts.san),
    signature_algorithm: facts.signatureAlgorithm,
    not_before: facts.notBefore,
    not_after: facts.notAfter,
    details: JSON.stringify(facts.details),
  }
}
