/** Domain names of groups. What certificates they have is in domain-certificates.ts. */
import { byKey } from './by-key.js'
import { certificatesOfDomains, type DomainCertificate } from './domain-certificates.js'
import { selectPage, type Page, type Paging } from './page.js'
import type { IngressPortRow, UrlDomainRow } from './schema.js'
import type { Database } from './store.js'
import { contains } from './text.js'

/** A domain with the certificates that it has. */
export interface UrlDomain extends UrlDomainRow {
  readonly certificates: readonly DomainCertificate[]
}

export async function insertDomain(db: Database, row: UrlDomainRow): Promise<void> {
  await db.insertInto('url_domains').values(row).execute()
}

export async function updateDomain(db: Database, { id, ...changes }: UrlDomainRow): Promise<void> {
  await db.updateTable('url_domains').set(changes).where('id', '=', id).execute()
}

/** Its certificates lose it, and stay. */
export async function deleteDomain(db: Database, id: string): Promise<void> {
  await db.deleteFrom('url_domains').where('id', '=', id).execute()
}

/** In whatever group of the instance. */
export async function findDomain(db: Database, instanceId: string, id: string): Promise<UrlDomain | undefined> {
  const rows = await db
    .selectFrom('url_domains')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .execute()
  return (await withCertificates(db, rows))[0]
}

/** Every binding of one name in an instance; `host` in lower case, without trailing dot. */
export async function domainsNamed(db: Database, instanceId: string, host: string): Promise<UrlDomain[]> {
  const rows = await db
    .selectFrom('url_domains')
    .selectAll()
    .where('host', '=', host)
    .where('instance_id', '=', instanceId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return withCertificates(db, rows)
}

/** Instances of a project in which a name is bound. */
export async function instancesWithDomain(db: Database, projectId: string, host: string): Promise<string[]> {
  const rows = await db
    .selectFrom('url_domains as domains')
    .innerJoin('instances', 'instances.id', 'domains.instance_id')
    .select('instances.id')
    .distinct()
    .where('domains.host', '=', host)
    .where('instances.project_id', '=', projectId)
    .orderBy('instances.id')
    .execute()
  return rows.map(({ id }) => id)
}

/** By group, each group's in the order in which they were bound. */
export async function domainsOfGroups(
  db: Database,
  groupIds: readonly string[],
): Promise<ReadonlyMap<string, readonly UrlDomain[]>> {
  if (groupIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('url_domains')
    .selectAll()
    .where('group_id', 'in', groupIds)
    .orderBy('group_id')
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return byKey(await withCertificates(db, rows), ({ group_id }) => group_id)
}

export async function countDomainsOf(db: Database, groupId: string): Promise<number> {
  const { count } = await db
    .selectFrom('url_domains')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('group_id', '=', groupId)
    .executeTakeFirstOrThrow()
  return count
}

export async function setClientVerification(db: Database, ids: readonly string[], enabled: boolean): Promise<void> {
  await db
    .updateTable('url_domains')
    .set({ verified_client_certificate_enabled: enabled ? 1 : 0 })
    .where('id', 'in', ids)
    .execute()
}

/** A custom ingress port, as domains refer to it. */
export type DomainPort = Pick<IngressPortRow, 'instance_id' | 'protocol' | 'port'>

/** Domains that are reached by a port, newest first. */
export function domainsOnPort(
  db: Database,
  { instance_id, protocol, port }: DomainPort,
  { domain_name: name }: { readonly domain_name?: string | undefined },
  paging: Paging,
): Promise<Page<UrlDomainRow>> {
  const column = protocol === 'HTTP' ? 'ingress_http_port' : 'ingress_https_port'
  let query = db.selectFrom('url_domains').selectAll().where('instance_id', '=', instance_id).where(column, '=', port)
  if (name) query = query.where((eb) => contains(eb.ref('name'), name))
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}

async function withCertificates(db: Database, rows: readonly UrlDomainRow[]): Promise<UrlDomain[]> {
  const certificates = await certificatesOfDomains(
    db,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, certificates: certificates.get(row.id) ?? [] }))
}
