/** Environment variables: values that APIs of a group have in one environment (lifecycle.md §4). */
import { fault } from '../../contract/faults.js'
import { findEnvironment } from '../../store/environments.js'
import { findGroup } from '../../store/groups.js'
import { isPrecise } from '../../store/page.js'
import { changePublishedVariable } from '../../store/publications.js'
import type { VariableRow } from '../../store/schema.js'
import {
  countVariables,
  deleteVariable,
  findVariable,
  insertVariable,
  listVariables,
  setVariable,
  variableNameIsTaken,
} from '../../store/variables.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'

export const variableOperations = {
  async createEnvironmentVariableV2({ body }, context) {
    const { db, instanceId, now, newId } = context
    const { group_id, env_id, variable_name: name, variable_value: value } = body
    await groupExists(context, group_id)
    if ((await findEnvironment(db, instanceId, env_id)) === undefined) throw fault('APIG.3003', { id: env_id })
    if (await variableNameIsTaken(db, group_id, env_id, name)) throw fault('APIG.3303')
    await withinQuota(context, 'VARIABLE_NUM_LIMIT', await countVariables(db, group_id, env_id))

    const row = { id: newId(), instance_id: instanceId, group_id, env_id, name, value, created_at: now }
    await insertVariable(db, row)
    await republish(context, row)
    return { status: 201, body: variableView(row) }
  },

  async listEnvironmentVariablesV2({ query }, context) {
    const { db, instanceId } = context
    await groupExists(context, query.group_id)
    const filter = {
      groupId: query.group_id,
      envId: query.env_id,
      name: query.variable_name,
      precise: isPrecise(query.precise_search, 'variable_name'),
    }
    const { total, rows } = await listVariables(db, instanceId, filter, query)
    return { status: 200, body: { total, size: rows.length, variables: rows.map(variableView) } }
  },

  async showDetailsOfEnvironmentVariableV2({ path }, context) {
    return { status: 200, body: variableView(await existing(context, path.env_variable_id)) }
  },

  async updateEnvironmentVariableV2({ path, body }, context) {
    const row = { ...(await existing(context, path.env_variable_id)), value: body.variable_value }
    await setVariable(context.db, row.id, row.value)
    await republish(context, row)
    return { status: 200, body: variableView(row) }
  },

  /** What is published keeps the last value, which its publication holds. */
  async deleteEnvironmentVariableV2({ path }, context) {
    const { id } = await existing(context, path.env_variable_id)
    await deleteVariable(context.db, id)
    return { status: 204 }
  },
} satisfies Handlers

/**
 * Gives the value to every API that is published in the environment and uses the variable. That a new variable does
 * so too is for clients that change a value by deleting and creating it.
 */
async function republish({ db, changed }: OperationContext, variable: VariableRow): Promise<void> {
  const { group_id: groupId, env_id: environmentId, name, value } = variable
  for (const apiId of await changePublishedVariable(db, { groupId, environmentId }, name, value))
    changed(`publication:${apiId}/${environmentId}`)
}

async function existing({ db, instanceId }: OperationContext, id: string): Promise<VariableRow> {
  const row = await findVariable(db, instanceId, id)
  if (row === undefined) throw fault('APIG.3011', { id })
  return row
}

async function groupExists({ db, instanceId }: OperationContext, id: string): Promise<void> {
  if ((await findGroup(db, instanceId, id)) === undefined) throw fault('APIG.3001', { id })
}

const variableView = ({ id, name, value, group_id, env_id }: VariableRow) => ({
  id,
  variable_name: name,
  variable_value: value,
  group_id,
  env_id,
})
