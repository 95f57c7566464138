/** Which certificates a domain has. */
import { byKey } from './by-key.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { CertificateRow, UrlDomainRow } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

export interface DomainCertificate extends Pick<
  CertificateRow,
  'id' | 'name' | 'instance_id' | 'algorithm_type' | 'root_ca_algorithm_type'
> {
  readonly domain_id: string
}

export interface AttachedDomain extends UrlDomainRow {
  readonly group_name: string
}

/** By domain; of several, the one of type RSA first. */
export async function certificatesOfDomains(
  db: Database,
  domainIds: readonly string[],
): Promise<ReadonlyMap<string, readonly DomainCertificate[]>> {
  if (domainIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('domain_certificates as attached')
    .innerJoin('certificates', 'certificates.id', 'attached.certificate_id')
    .select(['attached.domain_id', 'certificates.id', 'certificates.name', 'certificates.instance_id'])
    .select(['certificates.algorithm_type', 'certificates.root_ca_algorithm_type'])
    .where('attached.domain_id', 'in', domainIds)
    .orderBy('certificates.algorithm_type', 'desc')
    .orderBy('certificates.id')
    .execute()
  return byKey(rows, ({ domain_id }) => domain_id)
}

export async function attachCertificate(
  db: Database,
  domainIds: readonly string[],
  certificateId: string,
): Promise<void> {
  await db
    .insertInto('domain_certificates')
    .values(domainIds.map((domain_id) => ({ domain_id, certificate_id: certificateId })))
    .execute()
}

export async function detachCertificates(
  db: Database,
  domainIds: readonly string[],
  certificateIds: readonly string[],
): Promise<void> {
  if (certificateIds.length === 0) return
  await db
    .deleteFrom('domain_certificates')
    .where('domain_id', 'in', domainIds)
    .where('certificate_id', 'in', certificateIds)
    .execute()
}

export async function isAttached(db: Database, certificateId: string): Promise<boolean> {
  const row = await db
    .selectFrom('domain_certificates')
    .select('domain_id')
    .where('certificate_id', '=', certificateId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Every domain that has a certificate. */
export function domainsWith(db: Database, certificateId: string): Promise<AttachedDomain[]> {
  return attachedDomains(db, certificateId).execute()
}

/** Newest first. */
export function listAttachedDomains(
  db: Database,
  certificateId: string,
  { url_domain: name }: { readonly url_domain?: string | undefined },
  paging: Paging,
): Promise<Page<AttachedDomain>> {
  const query = attachedDomains(db, certificateId)
  return selectPage(name ? query.where((eb) => contains(eb.ref('domains.name'), name)) : query, paging)
}

function attachedDomains(db: Database, certificateId: string) {
  return db
    .selectFrom('domain_certificates as attached')
    .innerJoin('url_domains as domains', 'domains.id', 'attached.domain_id')
    .innerJoin('api_groups as groups', 'groups.id', 'domains.group_id')
    .selectAll('domains')
    .select('groups.name as group_name')
    .where('attached.certificate_id', '=', certificateId)
    .orderBy('domains.created_at', 'desc')
    .orderBy('domains.id')
}
