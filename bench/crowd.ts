/**
 * Fifty thousand APIs in a thousand groups, written straight into the database: through the API it would take an hour.
 * Every one is a copy of an API that the server itself has stored, so that rows are as wide as real ones.
 */
import { sql } from 'kysely'
import type { Schema } from '../src/store/schema.js'
import { openStore, ROWS_PER_INSERT, type Database } from '../src/store/store.js'
import type { Management } from './management.js'

export interface Crowd {
  readonly apis: number
  readonly groups: number
}

export const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

/** The first of each kind, which callers ask about. */
export const names = {
  group: (index: number) => `crowd-group-${index}`,
  api: (index: number) => `crowd-api-${index}`,
  published: (index: number) => `crowd-publication-${index}`,
}

export interface Model {
  readonly apiId: string
  readonly appId: string
  readonly throttleId: string
  readonly aclId: string
  readonly signId: string
  readonly pluginId: string
}

/** What the crowd is copied from and bound to, made by calls. */
export async function model(call: Management): Promise<Model> {
  const id = async (path: string, body: object, field = 'id') => String((await call('POST', path, body))[field])
  const groupId = await id('api-groups', { name: 'model' })
  const apiId = await id('apis', {
    ...{ group_id: groupId, name: 'model', type: 1, req_protocol: 'BOTH', req_method: 'GET', req_uri: '/model/{id}' },
    ...{ auth_type: 'APP', backend_type: 'HTTP', remark: 'An API like many others', tags: ['blue', 'green'] },
    req_params: [
      { name: 'id', type: 'STRING', location: 'PATH', required: 1 },
      { name: 'page', type: 'NUMBER', location: 'QUERY', required: 2, min_num: 1, max_num: 100, default_value: '1' },
      { name: 'X-Tenant', type: 'STRING', location: 'HEADER', required: 2, remark: 'who pays' },
    ],
    backend_params: [
      { name: 'id', location: 'PATH', origin: 'REQUEST', value: 'id' },
      { name: 'page', location: 'QUERY', origin: 'REQUEST', value: 'page' },
      { name: 'X-Source', location: 'HEADER', origin: 'CONSTANT', value: 'sluice' },
    ],
    backend_api: {
      ...{ url_domain: '127.0.0.1:8080', req_protocol: 'HTTP', req_method: 'GET', req_uri: '/orders/{id}' },
      timeout: 5000,
    },
  })
  const policy = { name: 'model', api_call_limits: 100, time_interval: 1, time_unit: 'SECOND' }
  const acl = { acl_name: 'model', acl_type: 'DENY', entity_type: 'IP', acl_value: '10.0.0.1' }
  const plugin = { plugin_name: 'model', plugin_type: 'cors', plugin_scope: 'global' }
  return {
    apiId,
    appId: await id('apps', { name: 'model' }),
    throttleId: await id('throttles', policy),
    aclId: await id('acls', acl),
    signId: await id('signs', { name: 'model' }),
    pluginId: await id(
      'plugins',
      { ...plugin, plugin_content: '{"allow_origin":"*","allow_methods":"GET"}' },
      'plugin_id',
    ),
  }
}

/**
 * Half of the APIs are published, half of those throttled and a quarter signed and controlled; the app may call a fifth
 * of them; a third has no tags. Where there is nothing but an API to copy, all are published and nothing is bound.
 */
export async function crowd(
  databaseUrl: string,
  instanceId: string,
  of: Model | Pick<Model, 'apiId'>,
  { apis, groups }: Crowd,
): Promise<void> {
  const store = await openStore(databaseUrl)
  const now = Date.now() - apis
  await store.write([], async ({ db }) => {
    await db
      .updateTable('configs')
      .set({ config_value: '1000000' })
      .where('scope_id', '=', instanceId)
      .where('config_name', 'in', ['API_NUM_LIMIT', 'APIGROUP_NUM_LIMIT', 'API_NUM_LIMIT_PER_GROUP'])
      .execute()
    const models = await db
      .selectFrom('apis')
      .innerJoin('api_groups', 'api_groups.id', 'apis.group_id')
      .selectAll('apis')
      .where('apis.id', '=', of.apiId)
      .executeTakeFirstOrThrow()
    const group = await db
      .selectFrom('api_groups')
      .selectAll()
      .where('id', '=', models.group_id)
      .executeTakeFirstOrThrow()
    const response = await db
      .selectFrom('gateway_responses')
      .selectAll()
      .where('group_id', '=', group.id)
      .executeTakeFirstOrThrow()
    const all = Array.from({ length: apis }, (_, index) => index)
    const groupRows = Array.from({ length: groups }, (_, index) => ({
      ...{ ...group, id: names.group(index), name: `crowd_${index}`, created_at: now + index },
    }))
    await fill(db, 'api_groups', groupRows, (row) => row)
    await fill(db, 'gateway_responses', groupRows, ({ id }) => ({ ...response, id: `response-${id}`, group_id: id }))
    const apiOf = (index: number) => {
      const own = { id: names.api(index), group_id: names.group(index % groups), name: `api_${index}` }
      const at = { req_uri: `/crowd/${index}/{id}` }
      const tags = index % 3 === 0 ? [] : ['blue', `colour_${index % 100}`]
      const definition = { ...(JSON.parse(models.definition) as object), ...own, ...at, tags }
      return { own, at, tags, definition: JSON.stringify(definition) }
    }
    await fill(db, 'apis', all, (index) => {
      const { own, at, tags, definition } = apiOf(index)
      const is_tagged = tags.length > 0 ? 1 : 0
      return {
        ...models,
        ...own,
        ...at,
        is_tagged,
        path_key: `/crowd/${index}/{}`,
        definition,
        created_at: now + index,
      }
    })
    const tags = all.flatMap((index) => apiOf(index).tags.map((tag) => ({ api_id: names.api(index), tag })))
    await fill(db, 'api_tags', tags, (row) => ({ ...row, instance_id: instanceId }))

    const policies = 'throttleId' in of ? of : undefined
    const published = all.filter((index) => policies === undefined || index % 2 === 0)
    const place = (index: number) => ({ instance_id: instanceId, api_id: names.api(index), env_id: RELEASE })
    const bound = (index: number, kind: string) => ({
      ...{ id: `${kind}-${index}`, publish_id: names.published(index), created_at: now + index, ...place(index) },
    })
    await fill(db, 'api_versions', published, (index) => ({
      ...{ id: `version-${index}`, version_no: '20250101000000', remark: '', published_at: now + index },
      ...{ ...place(index), definition: apiOf(index).definition },
    }))
    await fill(db, 'publications', published, (index) => ({
      ...{ publish_id: names.published(index), version_id: `version-${index}`, group_id: names.group(index % groups) },
      ...{ ...place(index), published_at: now + index, variables: '{}' },
    }))
    if (policies === undefined) return
    const some = (every: number) => published.filter((index) => index % every === 0)
    await fill(db, 'throttle_bindings', some(4), (index) => ({
      ...bound(index, 't'),
      throttle_id: policies.throttleId,
    }))
    await fill(db, 'sign_bindings', some(8), (index) => ({ ...bound(index, 's'), sign_id: policies.signId }))
    await fill(db, 'acl_bindings', some(8), (index) => ({
      ...{ ...bound(index, 'a'), acl_id: policies.aclId, entity_type: 'IP' as const },
    }))
    await fill(db, 'plugin_attachments', some(8), (index) => ({
      ...{ id: `p-${index}`, plugin_id: policies.pluginId, plugin_type: 'cors' as const, created_at: now + index },
      ...place(index),
    }))
    await fill(db, 'app_authorizations', some(10), (index) => ({
      ...{ id: `auth-${index}`, app_id: policies.appId, created_at: now + index },
      ...place(index),
    }))
  })
  await store.close()
}

type Table = keyof Schema

async function fill<Item>(
  db: Database,
  table: Table,
  items: readonly Item[],
  row: (item: Item) => object,
): Promise<void> {
  for (let from = 0; from < items.length; from += ROWS_PER_INSERT) {
    const rows = items.slice(from, from + ROWS_PER_INSERT).map(row)
    await sql`insert into ${sql.table(table)} (${sql.join(columns(rows))}) values ${sql.join(rows.map(values))}`.execute(
      db,
    )
  }
}

const columns = ([row = {}]: readonly object[]) => Object.keys(row).map((name) => sql.ref(name))
const values = (row: object) => sql`(${sql.join(Object.values(row))})`
