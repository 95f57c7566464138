import { fault } from '../../contract/faults.js'
import { countIn } from '../../store/counts.js'
import {
  appsAuthorizedIn,
  deleteEnvironment,
  environmentNameIsTaken,
  findEnvironment,
  hasPublishedApis,
  insertEnvironment,
  listEnvironments,
  RELEASE,
  updateEnvironment,
} from '../../store/environments.js'
import { isPrecise } from '../../store/page.js'
import type { EnvironmentRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { readTime, writtenTime } from '../time.js'

export const environmentOperations = {
  async createEnvironmentV2({ body }, context) {
    const { db, changed, instanceId, now, newId } = context
    await nameIsFree(context, body.name)
    await withinQuota(context, 'ENVIRONMENT_NUM_LIMIT', await countIn(db, 'environments', instanceId))
    const row = { instance_id: instanceId, id: newId(), name: body.name, remark: body.remark ?? '', created_at: now }
    await insertEnvironment(db, row)
    changed(`instance:${instanceId}`)
    return { status: 201, body: environmentView(row, writtenTime(now)) }
  },

  async listEnvironmentsV2({ query }, { db, instanceId }) {
    const filter = { name: query.name, precise: isPrecise(query.precise_search, 'name') }
    const { total, rows } = await listEnvironments(db, instanceId, filter, query)
    return { status: 200, body: { total, size: rows.length, envs: rows.map(readView) } }
  },

  async updateEnvironmentV2({ path, body }, context) {
    const { db, changed, instanceId } = context
    const environment = await changeable(context, path.env_id)
    await nameIsFree(context, body.name, environment.id)
    const change = { name: body.name, remark: body.remark ?? '' }
    const row = await updateEnvironment(db, instanceId, environment.id, change)
    changed(`instance:${instanceId}`)
    return { status: 200, body: readView(row) }
  },

  async deleteEnvironmentV2({ path }, context) {
    const { db, changed, instanceId } = context
    const { id } = await changeable(context, path.env_id)
    if (await hasPublishedApis(db, instanceId, id)) throw fault('APIG.3418')
    for (const app of await appsAuthorizedIn(db, instanceId, id)) changed(`app:${app}`)
    await deleteEnvironment(db, instanceId, id)
    changed(`instance:${instanceId}`)
    return { status: 204 }
  },
} satisfies Handlers

/** The environment, unless it is the built-in one: that can neither be changed nor deleted (403 APIG.1103). */
async function changeable({ db, instanceId }: OperationContext, id: string): Promise<EnvironmentRow> {
  const row = await findEnvironment(db, instanceId, id)
  if (row === undefined) throw fault('APIG.3003', { id })
  if (row.id === RELEASE.id) throw fault('APIG.1103')
  return row
}

async function nameIsFree({ db, instanceId }: OperationContext, name: string, exceptId?: string): Promise<void> {
  if (await environmentNameIsTaken(db, instanceId, name, exceptId)) throw fault('APIG.3205')
}

const readView = (row: EnvironmentRow) => environmentView(row, readTime(row.created_at))

const environmentView = ({ id, name, remark }: EnvironmentRow, createTime: string) => ({
  id,
  name,
  remark,
  create_time: createTime,
})
