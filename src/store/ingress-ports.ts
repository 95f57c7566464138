import { selectPage, type Page, type Paging } from './page.js'
import type { IngressPortRow } from './schema.js'
import type { Database } from './store.js'

export interface IngressPortFilter {
  readonly protocol?: IngressPortRow['protocol'] | undefined
  readonly ingress_port?: number | undefined
}

export async function insertIngressPort(db: Database, row: IngressPortRow): Promise<void> {
  await db.insertInto('ingress_ports').values(row).execute()
}

export async function deleteIngressPort(db: Database, id: string): Promise<void> {
  await db.deleteFrom('ingress_ports').where('id', '=', id).execute()
}

export async function findIngressPort(
  db: Database,
  instanceId: string,
  id: string,
): Promise<IngressPortRow | undefined> {
  return db
    .selectFrom('ingress_ports')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** Whether an instance listens on a port already, whatever the protocol. */
export async function isPortTaken(db: Database, instanceId: string, port: number): Promise<boolean> {
  const row = await db
    .selectFrom('ingress_ports')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('port', '=', port)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether a custom port of an instance is open for a protocol. */
export async function isOpenPort(
  db: Database,
  instanceId: string,
  protocol: IngressPortRow['protocol'],
  port: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('ingress_ports')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('port', '=', port)
    .where('protocol', '=', protocol)
    .executeTakeFirst()
  return row !== undefined
}

/** Newest first. */
export function listIngressPorts(
  db: Database,
  instanceId: string,
  { protocol, ingress_port: port }: IngressPortFilter,
  paging: Paging,
): Promise<Page<IngressPortRow>> {
  let query = db.selectFrom('ingress_ports').selectAll().where('instance_id', '=', instanceId)
  if (protocol) query = query.where('protocol', '=', protocol)
  if (port !== undefined) query = query.where('port', '=', port)
  return selectPage(query.orderBy('created_at', 'desc').orderBy('id'), paging)
}
