import type { TmsQueryReq } from '../../contract/generated/schemas.js'
import { fault } from '../../contract/faults.js'
import {
  countTagged,
  deleteTags,
  listTagged,
  setTags,
  tagsOfInstance,
  tagsOfInstances,
  tagsOfProject,
  type Tag,
  type TaggedFilter,
} from '../../store/instance-tags.js'
import { ownInstance } from '../instances/state.js'
import type { Handlers } from '../operation.js'
import { distinctTags, tagsFit } from './rules.js'

export const instanceTagOperations = {
  async batchCreateOrDeleteInstanceTags({ body: { action, tags: sent } }, { db, instanceId }) {
    const tags = distinctTags(sent)
    if (action === 'delete') {
      await deleteTags(
        db,
        instanceId,
        tags.map(({ key }) => key),
      )
      return { status: 204 }
    }
    tagsFit(await tagsOfInstance(db, instanceId), tags)
    await setTags(db, instanceId, tags)
    return { status: 204 }
  },

  async listInstanceTags(_request, context) {
    const { id, name } = await ownInstance(context)
    const tags = await tagsOfInstance(context.db, id)
    return { status: 200, body: { tags, resource_id: id, resource_name: name, resouce_detail: null } }
  },

  async listProjectInstanceTags(_request, { db, projectId }) {
    const values = valuesByKey(await tagsOfProject(db, projectId))
    return { status: 200, body: { tags: [...values].map(([key, values]) => ({ key, values })) } }
  },

  async listInstancesByTags({ body, query }, { db, projectId, now }) {
    const { total, rows } = await listTagged(db, projectId, filterOf(body), now, query)
    const tags = await tagsOfInstances(
      db,
      rows.map(({ id }) => id),
    )
    const resources = rows.map(({ id, name }) => ({
      resource_id: id,
      resouce_detail: '',
      resource_name: name,
      tags: tags.filter((tag) => tag.instance_id === id).map(({ key, value }) => ({ key, value })),
    }))
    return { status: 200, body: { resources, total_count: total } }
  },

  async showInstancesNumByTags({ body }, { db, projectId, now }) {
    return { status: 200, body: { total_count: await countTagged(db, projectId, filterOf(body), now) } }
  },
} satisfies Handlers

function filterOf({ without_any_tag, tags = [], sys_tags = [], matches = [] }: TmsQueryReq): TaggedFilter {
  return {
    untagged: without_any_tag === true,
    tags: tags.map(({ key, values = [] }) => {
      if (!key) throw fault('APIC.7211', { name: 'key' })
      return { key, values }
    }),
    namePrefixes: matches.flatMap(({ key, value }) => (key === 'resource_name' && value ? [value] : [])),
    // The only tag that the system itself gives an instance is its enterprise project.
    enterpriseProjectIds: sys_tags.flatMap(({ values = [] }) => values),
  }
}

function valuesByKey(tags: readonly Tag[]): ReadonlyMap<string, string[]> {
  const byKey = new Map<string, string[]>()
  for (const { key, value } of tags) {
    const values = byKey.get(key)
    if (values === undefined) byKey.set(key, [value])
    else values.push(value)
  }
  return byKey
}
