import { fault } from '../../contract/faults.js'
import { deleteCertificatesUploadedFor } from '../../store/certificates.js'
import { countIn } from '../../store/counts.js'
import { domainsOfGroups, type UrlDomain } from '../../store/domains.js'
import {
  deleteGroup,
  findGroup,
  groupHasApis,
  groupNameIsTaken,
  insertGroup,
  listGroups,
  updateGroup,
} from '../../store/groups.js'
import { isPrecise } from '../../store/page.js'
import type { ApiGroupRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { isNotDefault, keepsName } from './rules.js'
import { createdGroup, readGroup, updatedGroup } from './views.js'

export const groupOperations = {
  async createApiGroupV2({ body }, context) {
    const { db, changed, instanceId, now, newId, settings } = context
    await nameIsFree(context, body.name)
    await withinQuota(context, 'APIGROUP_NUM_LIMIT', await countIn(db, 'api_groups', instanceId))

    const row: ApiGroupRow = {
      id: newId(),
      instance_id: instanceId,
      name: body.name,
      remark: body.remark ?? '',
      version: body.version ?? 'V1',
      roma_app_id: body.roma_app_id ?? '',
      is_default: 0,
      sl_domain_access_enabled: 1,
      created_at: now,
      updated_at: now,
    }
    await insertGroup(db, row, newId())
    changed(`group:${row.id}`)
    return { status: 201, body: createdGroup(row, settings) }
  },

  async listApiGroupsV2({ query }, { db, instanceId, settings }) {
    const filter = { id: query.id, name: query.name, precise: isPrecise(query.precise_search, 'name') }
    const { total, rows } = await listGroups(db, instanceId, filter, query)
    const domains = await domainsOfGroups(
      db,
      rows.map(({ id }) => id),
    )
    const groups = rows.map((row) => readGroup(row, settings, domains.get(row.id) ?? []))
    return { status: 200, body: { total, size: groups.length, groups } }
  },

  async showDetailsOfApiGroupV2({ path }, context) {
    const group = await existing(context, path.group_id)
    return { status: 200, body: readGroup(group, context.settings, await domainsOf(context, group.id)) }
  },

  async updateApiGroupV2({ path, body }, context) {
    const { db, changed, now, settings } = context
    const group = await existing(context, path.group_id)
    keepsName(group, body.name)
    await nameIsFree(context, body.name, group.id)
    const row = await updateGroup(db, group.id, { name: body.name, remark: body.remark ?? '' }, now)
    changed(`group:${row.id}`)
    return { status: 200, body: updatedGroup(row, settings, await domainsOf(context, row.id)) }
  },

  async deleteApiGroupV2({ path }, context) {
    const { db, changed } = context
    const group = await existing(context, path.group_id)
    isNotDefault(group)
    if (await groupHasApis(db, group.id)) throw fault('APIG.3415', { id: group.id })
    await deleteGroup(db, group.id)
    for (const id of await deleteCertificatesUploadedFor(db, group.id)) changed(`certificate:${id}`)
    changed(`group:${group.id}`)
    return { status: 204 }
  },

  async checkApiGroupsV2({ body }, context) {
    await nameIsFree(context, body.group_name)
    return { status: 204 }
  },

  async updateSlDomainSettingV2({ path, body }, context) {
    const { db, changed, now } = context
    const group = await existing(context, path.group_id)
    await updateGroup(db, group.id, { sl_domain_access_enabled: body.sl_domain_access_enabled ? 1 : 0 }, now)
    changed(`group:${group.id}`)
    return { status: 204 }
  },
} satisfies Handlers

async function existing({ db, instanceId }: OperationContext, id: string): Promise<ApiGroupRow> {
  const row = await findGroup(db, instanceId, id)
  if (row === undefined) throw fault('APIG.3001', { id })
  return row
}

const domainsOf = async ({ db }: OperationContext, id: string): Promise<readonly UrlDomain[]> =>
  (await domainsOfGroups(db, [id])).get(id) ?? []

async function nameIsFree({ db, instanceId }: OperationContext, name: string, exceptId?: string): Promise<void> {
  if (await groupNameIsTaken(db, instanceId, name, exceptId)) throw fault('APIG.3201')
}
