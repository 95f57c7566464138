import { createHash } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import { featuresSet, setFeature } from '../../store/features.js'
import { findInstance } from '../../store/instances.js'
import type { FeatureRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { readTime, writtenTime } from '../time.js'
import { featureOf, features, supportedFeatures } from './catalogue.js'
import { acceptedConfig, excludeEachOther, intervalHasPassed } from './rules.js'

export const featureOperations = {
  async listInstanceFeatures({ query: { offset, limit } }) {
    const names = supportedFeatures.slice(offset, offset + limit)
    return { status: 200, body: { total: supportedFeatures.length, size: names.length, features: names } }
  },

  async listFeaturesV2({ query: { offset, limit } }, context) {
    const rows = await allFeatures(context)
    const shown = rows.slice(offset, offset + limit).map((row) => featureView(row, readTime(row.updated_at)))
    return { status: 200, body: { total: rows.length, size: shown.length, features: shown } }
  },

  async createFeatureV2({ body: { name, enable, config } }, { db, changed, instanceId, now, settings }) {
    const given = acceptedConfig(name, enable, typeof config === 'object' ? JSON.stringify(config) : config)
    const set = await featuresSet(db, instanceId)
    const before = set.get(name)
    intervalHasPassed(before?.updated_at, now, settings.featureInterval)
    const wanted = { enable, config: given ?? before?.config ?? featureOf(name)?.config ?? '' }
    excludeEachOther(name, wanted, (other) => {
      const row = set.get(other)
      return { enable: row?.enable === 1, config: row?.config ?? 'off' }
    })

    const row: FeatureRow = {
      id: featureId(instanceId, name),
      instance_id: instanceId,
      name,
      enable: enable ? 1 : 0,
      config: wanted.config,
      updated_at: now,
    }
    await setFeature(db, row)
    changed(`instance:${instanceId}`)
    return { status: 201, body: featureView(row, writtenTime(now)) }
  },
} satisfies Handlers

/** Every configurable feature, as it was set or as it is by default; then what else was asked for by name. */
async function allFeatures({ db, projectId, instanceId, now }: OperationContext): Promise<FeatureRow[]> {
  const instance = await findInstance(db, projectId, instanceId, now)
  if (instance === undefined) throw fault('APIG.3030', { id: instanceId })
  const set = await featuresSet(db, instanceId)
  const configurable = Object.entries(features).map(
    ([name, { enable, config }]): FeatureRow =>
      set.get(name) ?? {
        id: featureId(instanceId, name),
        instance_id: instanceId,
        name,
        enable: enable ? 1 : 0,
        config,
        updated_at: instance.created_at,
      },
  )
  return [...configurable, ...[...set.values()].filter(({ name }) => featureOf(name) === undefined)]
}

/** Derived, so that a feature has the same id before and after it is first set. */
const featureId = (instanceId: string, name: string): string =>
  createHash('sha256').update(`feature:${instanceId}/${name}`).digest('hex').slice(0, 32)

const featureView = ({ id, name, enable, config, instance_id }: FeatureRow, updateTime: string) => ({
  id,
  name,
  enable: enable === 1,
  config,
  instance_id,
  update_time: updateTime,
})
