/** What tests of management find there: groups, APIs and publications, as short as they can be asked for. */
import { randomUUID } from 'node:crypto'
import type { TestManagement } from './management.js'

export const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

const unique = (): string => randomUUID().replaceAll('-', '').slice(0, 12)

export interface StagedApi {
  readonly id: string
  readonly name: string
  readonly groupId: string
}

export async function aGroup(sluice: TestManagement, name = `group_${unique()}`): Promise<string> {
  const group = (await sluice.given('createApiGroupV2', { body: { name } })) as { id: string }
  return group.id
}

/** A mock API that takes app authentication, in a group of its own unless told. */
export async function anApi(
  sluice: TestManagement,
  attributes: Readonly<Record<string, unknown>> = {},
): Promise<StagedApi> {
  const groupId = attributes['group_id'] ?? (await aGroup(sluice))
  const api = (await sluice.given('createApiV2', {
    body: {
      name: `api_${unique()}`,
      type: 1,
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: `/${unique()}`,
      auth_type: 'APP',
      backend_type: 'MOCK',
      mock_info: { result_content: 'hello' },
      ...attributes,
      group_id: groupId,
    },
  })) as { id: string; name: string }
  return { id: api.id, name: api.name, groupId: groupId as string }
}

/** Publishes, and returns the publish id. */
export async function publish(sluice: TestManagement, apiId: string, envId = RELEASE): Promise<string> {
  const body = { action: 'online', api_id: apiId, env_id: envId }
  const published = (await sluice.given('createOrDeletePublishRecordForApiV2', { body })) as { publish_id: string }
  return published.publish_id
}

export async function takeOffline(sluice: TestManagement, apiId: string, envId = RELEASE): Promise<void> {
  await sluice.given('createOrDeletePublishRecordForApiV2', {
    body: { action: 'offline', api_id: apiId, env_id: envId },
  })
}

/** The parts of the snapshot that were marked after a revision, sorted. */
export async function changedParts(sluice: TestManagement, after: number): Promise<string[]> {
  const rows = await sluice.store.read((db) =>
    db.selectFrom('snapshot_changes').select('part_key').distinct().where('revision', '>', after).execute(),
  )
  return rows.map((row) => row.part_key).sort()
}

export async function revision(sluice: TestManagement): Promise<number> {
  const { value } = await sluice.store.read((db) =>
    db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow(),
  )
  return value
}
