/** Ports on which gateways listen for an instance beside those that they always have. */
import { randomUUID } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import {
  deleteIngressPort,
  findIngressPort,
  insertIngressPort,
  isPortTaken,
  listIngressPorts,
} from '../../store/ingress-ports.js'
import { countIn } from '../../store/counts.js'
import { domainsOnPort } from '../../store/domains.js'
import { namesOfGroups } from '../../store/groups.js'
import type { IngressPortRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'

/** How many an instance may have (quotas.md §2). */
const MOST_PORTS = 40

export const ingressPortOperations = {
  async addCustomIngressPort({ body: { protocol, ingress_port: port } }, context) {
    const { db, changed, instanceId, now } = context
    if (await isPortTaken(db, instanceId, port)) throw fault('APIC.7258')
    if ((await countIn(db, 'ingress_ports', instanceId)) >= MOST_PORTS) throw fault('APIC.7403')
    // Clients insist on the form with dashes (conventions.md §1).
    const row: IngressPortRow = { id: randomUUID(), instance_id: instanceId, protocol, port, created_at: now }
    await insertIngressPort(db, row)
    changed(`instance:${instanceId}`)
    return { status: 201, body: portView(row) }
  },

  async listCustomIngressPorts({ query }, { db, instanceId }) {
    const { total, rows } = await listIngressPorts(db, instanceId, query, query)
    return { status: 200, body: { total, size: rows.length, ingress_port_infos: rows.map(portView) } }
  },

  async listCustomIngressPortDomains({ path, query }, context) {
    const { total, rows } = await domainsOnPort(context.db, await thePort(context, path.ingress_port_id), query, query)
    const names = await namesOfGroups(
      context.db,
      rows.map(({ group_id }) => group_id),
    )
    const domains = rows.map(({ group_id, name }) => ({
      group_id,
      group_name: names.get(group_id) ?? '',
      domain_name: name,
    }))
    return { status: 200, body: { total, size: domains.length, domain_infos: domains } }
  },

  async deleteCustomIngressPort({ path }, context) {
    const port = await thePort(context, path.ingress_port_id)
    const { total } = await domainsOnPort(context.db, port, {}, { offset: 0, limit: 0 })
    if (total > 0) throw fault('APIC.7257')
    await deleteIngressPort(context.db, port.id)
    context.changed(`instance:${context.instanceId}`)
    return { status: 204 }
  },
} satisfies Handlers

/** Not the 404 that others give: clients take this code for "gone" (errors.md §4). */
async function thePort({ db, instanceId }: OperationContext, id: string): Promise<IngressPortRow> {
  const row = await findIngressPort(db, instanceId, id)
  if (row === undefined) throw fault('APIC.7200')
  return row
}

const portView = ({ id, protocol, port }: IngressPortRow) => ({
  ingress_port_id: id,
  protocol,
  ingress_port: port,
  status: 'normal' as const,
})
