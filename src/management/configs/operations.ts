import { findConfig, listConfigs } from '../../store/configs.js'
import { countIn, type CountedTable } from '../../store/counts.js'
import type { ConfigRow } from '../../store/schema.js'
import { projectConfigRow } from '../instances/provision.js'
import type { Handlers } from '../operation.js'
import { readTime } from '../time.js'
import { configNames, projectConfig, type ConfigName } from './catalogue.js'

export const configOperations = {
  async listProjectCofigsV2({ query }, { db, instanceId }) {
    const { total, rows } = await listConfigs(db, instanceId, { name: query.config_name }, query)
    const configs = []
    for (const row of rows) {
      const table = countedTables.get(row.config_name)
      const used = table === undefined ? 0 : await countIn(db, table, instanceId)
      configs.push({ ...configView(row), config_name: configNames.find((name) => name === row.config_name), used })
    }
    return { status: 200, body: { total, size: configs.length, configs } }
  },

  async listInstanceConfigsV2({ query: { offset, limit } }, { db, projectId, now }) {
    // A project that has had no instance yet has no record: it is as it would be recorded with the first one.
    const row = (await findConfig(db, projectId, projectConfig.name)) ?? projectConfigRow(projectId, now)
    const configs = [{ ...configView(row), config_name: projectConfig.name }].slice(offset, offset + limit)
    return { status: 200, body: { total: 1, size: configs.length, configs } }
  },
} satisfies Handlers

/** Limits of an instance as a whole; a limit of something inside it (a group, an API) has no one count. */
const countedTables: ReadonlyMap<string, CountedTable> = new Map<ConfigName, CountedTable>([
  ['ACL_NUM_LIMIT', 'acls'],
  ['API_NUM_LIMIT', 'apis'],
  ['APIGROUP_NUM_LIMIT', 'api_groups'],
  ['APP_NUM_LIMIT', 'apps'],
  ['AUTHORIZER_NUM_LIMIT', 'authorizers'],
  ['ENVIRONMENT_NUM_LIMIT', 'environments'],
  ['SIGN_NUM_LIMIT', 'signs'],
  ['THROTTLE_NUM_LIMIT', 'throttles'],
  ['VPC_NUM_LIMIT', 'vpc_channels'],
])

const configView = ({ config_id, config_value, config_time, remark }: ConfigRow) => ({
  config_id: String(config_id),
  config_value,
  config_time: readTime(config_time),
  remark,
})
