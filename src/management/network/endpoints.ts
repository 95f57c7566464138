/** The endpoint service of an instance: who may connect to it, and which connections are admitted. */
import { fault } from '../../contract/faults.js'
import {
  addPermissions,
  connectionsOf,
  deletePermissions,
  listConnections,
  listPermissions,
  setConnectionStatus,
} from '../../store/endpoints.js'
import type { EndpointConnectionRow, EndpointPermissionRow } from '../../store/schema.js'
import type { Handlers } from '../operation.js'
import { readTime, writtenTime } from '../time.js'

export const endpointOperations = {
  async listEndpointPermissions({ query }, { db, instanceId }) {
    const { total, rows } = await listPermissions(db, instanceId, query, query)
    return { status: 200, body: { total, size: rows.length, permissions: rows.map(permissionView) } }
  },

  async addEndpointPermissions({ body: { permissions } }, { db, instanceId, now }) {
    await addPermissions(db, instanceId, permissions, now)
    return { status: 200, body: { permissions } }
  },

  async deleteEndpointPermissions({ body: { permissions } }, { db, instanceId }) {
    await deletePermissions(db, instanceId, permissions)
    return { status: 200, body: { permissions } }
  },

  async listEndpointConnections({ query }, { db, instanceId }) {
    const { total, rows } = await listConnections(db, instanceId, query, query)
    const connections = rows.map((row) => connectionView(row, readTime))
    return { status: 200, body: { total, size: rows.length, connections } }
  },

  /** All of them or none: one that is not there, or that nobody can decide about, refuses the request. */
  async acceptOrRejectEndpointConnections({ body: { action, endpoints } }, { db, instanceId, now }) {
    const ids = [...new Set(endpoints)]
    const rows = await connectionsOf(db, instanceId, ids)
    if (rows.length < ids.length || !rows.every(({ status }) => DECIDABLE.has(status)))
      throw fault('APIC.7211', { name: 'endpoints' })
    const status = action === 'receive' ? 'accepted' : 'rejected'
    await setConnectionStatus(db, ids, status, now)
    const connections = rows.map((row) => connectionView({ ...row, status, updated_at: now }, writtenTime))
    return { status: 200, body: { total: rows.length, size: rows.length, connections } }
  },
} satisfies Handlers

/** A decision may be taken back; a connection that failed or is being worked on waits for no decision. */
const DECIDABLE: ReadonlySet<EndpointConnectionRow['status']> = new Set(['pendingAcceptance', 'accepted', 'rejected'])

const permissionView = ({ id, permission, created_at }: EndpointPermissionRow) => ({
  id,
  permission,
  created_at: readTime(created_at),
})

const connectionView = (
  { id, marker_id, domain_id, status, created_at, updated_at }: EndpointConnectionRow,
  time: (moment: number) => string,
) => ({
  id,
  marker_id,
  created_at: time(created_at),
  updated_at: time(updated_at),
  domain_id,
  status,
})
