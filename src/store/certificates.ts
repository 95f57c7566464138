/** Certificates of a project: for all of its instances, or for one. */
import { sql, type SqlBool } from 'kysely'
import { selectPage, type Page, type Paging } from './page.js'
import type { CertificateRow } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

export interface CertificateFilter {
  /** Only what this instance may use: its own certificates, and those for all; `null`: only those for all. */
  readonly instanceId: string | null
  readonly name?: string | undefined
  readonly common_name?: string | undefined
  readonly signature_algorithm?: string | undefined
  readonly type?: 'instance' | 'global' | undefined
  readonly algorithm_type?: string | undefined
}

/** Ties a sealed private key to its certificate. */
export const certificateKeyContext = (id: string): string => `certificate:${id}`

export async function insertCertificate(db: Database, row: CertificateRow): Promise<void> {
  await db.insertInto('certificates').values(row).execute()
}

export async function updateCertificate(db: Database, { id, ...changes }: CertificateRow): Promise<void> {
  await db.updateTable('certificates').set(changes).where('id', '=', id).execute()
}

/** No domain may have it. */
export async function deleteCertificate(db: Database, id: string): Promise<void> {
  await db.deleteFrom('certificates').where('id', '=', id).execute()
}

/** Those that were uploaded through a domain of the group and that no domain has any more; answers with their ids. */
export async function deleteCertificatesUploadedFor(db: Database, groupId: string): Promise<string[]> {
  const rows = await db
    .deleteFrom('certificates')
    .where('uploaded_for', '=', groupId)
    .where('id', 'not in', (eb) => eb.selectFrom('domain_certificates').select('certificate_id'))
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

export async function findCertificate(
  db: Database,
  projectId: string,
  id: string,
): Promise<CertificateRow | undefined> {
  return db
    .selectFrom('certificates')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Newest first. */
export function listCertificates(
  db: Database,
  projectId: string,
  filter: CertificateFilter,
  paging: Paging,
): Promise<Page<CertificateRow>> {
  const { instanceId, name, common_name, signature_algorithm, type, algorithm_type } = filter
  let query = db.selectFrom('certificates').selectAll().where('project_id', '=', projectId)
  query =
    instanceId === null
      ? query.where('instance_id', 'is', null)
      : query.where((eb) => eb.or([eb('instance_id', '=', instanceId), eb('instance_id', 'is', null)]))
  if (name) query = query.where((eb) => contains(eb.ref('name'), name))
  if (common_name) query = query.where((eb) => contains(eb.ref('common_name'), common_name))
  if (signature_algorithm) query = query.where('signature_algorithm', '=', signature_algorithm)
  if (type) query = query.where('instance_id', type === 'global' ? 'is' : 'is not', null)
  // No certificate of this server has another type; one that is asked for finds nothing.
  if (algorithm_type) query = query.where(sql<SqlBool>`algorithm_type = ${algorithm_type}`)
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

export async function countCertificates(db: Database, projectId: string): Promise<number> {
  const { count } = await db
    .selectFrom('certificates')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow()
  return count
}

export async function certificateNameIsTaken(
  db: Database,
  projectId: string,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('certificates')
    .select('id')
    .where('project_id', '=', projectId)
    .where('name', '=', name)
    .where('id', '<>', exceptId)
    .executeTakeFirst()
  return row !== undefined
}
