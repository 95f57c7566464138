import { describe, expect, test } from 'vitest'
import { createUser } from '../../iam/first-identities.js'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { imported, operation, swagger } from '../../../test/open-api.js'
import { aGroup, anApi, publish, RELEASE } from '../../../test/stage.js'

const document = JSON.stringify(swagger({ '/one': { get: operation() }, '/two': { get: {} } }))

/** The task, when it has ended. */
async function ended(sluice: TestManagement, task_id: string) {
  for (;;) {
    const { body } = await sluice.call('showAsyncTaskResult', { path: { task_id } })
    if (body.task_status === 'succeed' || body.task_status === 'failed') return body
    expect(['waiting', 'processing']).toContain(body.task_status)
    expect(body.task_result).toBe('')
  }
}

const begun = async (sluice: TestManagement, form = {}) =>
  (await sluice.given('importApiDefinitionsAsync', { form: { file_name: document, ...form } })).task_id as string

describe.each(engines)('tasks on $name', (engine) => {
  test('openapi-extensions.md 17: a task of an import ends with the answer that the import would have had', async () => {
    await using sluice = await management(engine)
    const { task_id } = await sluice.given('importApiDefinitionsAsync', { form: { file_name: document } })
    const task = await ended(sluice, task_id as string)
    expect(task).toMatchObject({ task_id, task_type: 'import_api', task_status: 'succeed' })
    const answer = JSON.parse(task.task_result)
    const same = await imported(sluice, document.replace('imported_group', 'other_group'))
    const withoutIds = (all: readonly object[]) => all.map((one) => ({ ...one, id: undefined }))
    expect(withoutIds(answer.success)).toEqual(withoutIds(same.success))
    expect(answer.success).toHaveLength(1)
    expect(answer.failure).toEqual(same.failure)
    // It is there, not just said to be.
    expect(await sluice.given('listApisV2', { query: { group_id: answer.group_id } })).toMatchObject({
      apis: [{ id: answer.success[0].id, req_uri: '/one' }],
    })
  })

  test('101: import and export without waiting', async () => {
    await using sluice = await management(engine)
    const reply = await sluice.call('importApiDefinitionsAsync', { form: { file_name: document } })
    expect(reply).toMatchObject({ status: 202, body: { task_id: expect.stringMatching(/^[0-9a-f]{32}$/) } })
    const task = await ended(sluice, reply.body.task_id)
    expect(task).toMatchObject({ ...reply.body, task_type: 'import_api', task_status: 'succeed' })
    const result = JSON.parse(task.task_result)
    const same = await imported(sluice, document.replace('imported_group', 'other_group'))
    expect(result).toEqual({
      ...same,
      group_id: expect.any(String),
      swagger: { id: expect.any(String), result: 'Success' },
      success: same.success.map((one) => ({ ...one, id: expect.any(String) })),
    })
    expect(result.success).toHaveLength(1)
    expect(result.failure).toHaveLength(1)

    const api_id = result.success[0].id as string
    await publish(sluice, api_id)
    const selection = { group_id: result.group_id as string, env_id: RELEASE, define: 'all', version: 'v1' }
    for (const type of ['json', 'yaml']) {
      const body = { ...selection, type }
      const exporting = await sluice.call('exportApiDefinitionsAsync', { body, query: { oas_version: '3.0' } })
      expect(exporting.status).toBe(202)
      const exported = await ended(sluice, exporting.body.task_id)
      expect(exported).toMatchObject({ task_type: 'export_api', task_status: 'succeed' })
      const file = JSON.parse(exported.task_result)
      const now = await sluice.given('exportApiDefinitionsV2', { body, query: { oas_version: '3.0' } })
      expect(file).toEqual({
        FileName: 'imported_group-RELEASE-all-v1',
        FileType: `.${type}`,
        Comment: now,
        file_type: type,
        content: now,
      })
    }

    const unknown = await sluice.call('showAsyncTaskResult', { path: { task_id: 't1' } })
    expect(unknown).toMatchObject({
      status: 404,
      body: { error_code: 'APIG.3093', error_msg: 'The asynchronous task t1 does not exist' },
    })
    expect(sluice.failures).toEqual([])
  })

  test('what is wrong with the request is answered, what is wrong with the work is its result', async () => {
    await using sluice = await management(engine)
    const codeOf = async (form: Record<string, string>) =>
      (await sluice.call('importApiDefinitionsAsync', { form })).body.error_code
    expect(await codeOf({ file_name: '' })).toBe('APIG.3609')
    expect(await codeOf({ file_name: 'x'.repeat(4 * 1024 * 1024) })).toBe('APIG.3603')
    expect(await codeOf({ file_name: document, api_mode: 'maybe' })).toBe('APIG.2011')
    const noEnvironment = await sluice.call('exportApiDefinitionsAsync', { body: { group_id: 'g1' } })
    expect(noEnvironment).toMatchObject({ status: 400, body: { error_code: 'APIG.2001' } })

    const failed = async (id: string) => {
      const task = await ended(sluice, id)
      expect(task.task_status).toBe('failed')
      return JSON.parse(task.task_result)
    }
    await ended(sluice, await begun(sluice))
    expect(await failed(await begun(sluice))).toEqual({
      error_code: 'APIG.3201',
      error_msg: 'The API group name already exists',
    })
    expect(await failed(await begun(sluice, { file_name: '{' }))).toMatchObject({ error_code: 'APIG.3600' })
    const { task_id } = await sluice.given('exportApiDefinitionsAsync', { body: { group_id: 'g1', env_id: RELEASE } })
    expect(await failed(task_id as string)).toMatchObject({ error_code: 'APIG.3001' })
    expect(sluice.failures).toEqual([])
  })

  test('a task that waited when the process ended is done by the next; one that was under way has failed', async () => {
    await using sluice = await management(engine)
    const id = await begun(sluice)
    await ended(sluice, id)
    const { request } = await sluice.store.write([], async ({ db }) => {
      const group = await db
        .selectFrom('api_groups')
        .select('id')
        .where('name', '=', 'imported_group')
        .executeTakeFirstOrThrow()
      return { request: group.id }
    })
    const row = {
      instance_id: sluice.instanceId,
      type: 'import_api',
      result: '',
      created_at: 1,
      updated_at: 1,
      request: JSON.stringify({
        type: 'import_api',
        file: document,
        options: { groupId: request, overridesPolicies: false, overridesApis: true, isSimple: false, isMock: false },
        instanceId: sluice.instanceId,
        projectId: sluice.projectId,
        caller: {},
      }),
    } as const
    await sluice.store.write([], ({ db }) =>
      db
        .insertInto('async_tasks')
        .values([
          { ...row, id: 'waited', status: 'waiting' },
          { ...row, id: 'interrupted', status: 'processing' },
        ])
        .execute(),
    )
    await sluice.tasks.start()
    const waited = await ended(sluice, 'waited')
    expect(waited.task_status).toBe('succeed')
    expect(JSON.parse(waited.task_result).success).toMatchObject([{ path: '/one', action: 'update' }])
    const interrupted = await ended(sluice, 'interrupted')
    expect(interrupted.task_status).toBe('failed')
    expect(JSON.parse(interrupted.task_result)).toEqual({ error_code: 'APIG.9999', error_msg: 'System error' })
  })

  test('a defect of the work is a failed task and known to the operator', async () => {
    await using sluice = await management(engine)
    await sluice.store.write([], ({ db }) =>
      db
        .insertInto('async_tasks')
        .values({
          id: 'broken',
          instance_id: sluice.instanceId,
          type: 'export_api',
          status: 'waiting',
          request: '{}',
          result: '',
          created_at: 1,
          updated_at: 1,
        })
        .execute(),
    )
    sluice.tasks.wake()
    expect((await ended(sluice, 'broken')).task_status).toBe('failed')
    expect(sluice.failures).toHaveLength(1)
  })

  test('tasks can be asked for during a day', async () => {
    await using sluice = await management(engine)
    const id = await begun(sluice)
    await ended(sluice, id)
    const rows = () => sluice.store.read((db) => db.selectFrom('async_tasks').select(['id', 'request']).execute())
    expect(await rows()).toEqual([{ id, request: '' }])
    // Signatures are as old as the clock is wrong: it is right again when the task is asked for.
    const statusAfter = async (passed: number) => {
      const { now } = sluice
      sluice.now = now + passed
      await sluice.tasks.tidy()
      sluice.now = now
      return (await sluice.call('showAsyncTaskResult', { path: { task_id: id } })).status
    }
    expect(await statusAfter(24 * 3_600_000 - 60_000)).toBe(200)
    expect(await statusAfter(24 * 3_600_000 + 60_000)).toBe(404)
  })

  test('who may only read may export without waiting, and not import', async () => {
    await using sluice = await management(engine)
    const group_id = await aGroup(sluice)
    const reader = await sluice.store.write([], ({ db }) =>
      createUser(db, sluice.vault, {
        domainId: sluice.identities.domainId,
        name: 'reader',
        role: 'readonly',
        now: sluice.now,
        passwordCost: { N: 16, r: 1, p: 1 },
      }),
    )
    const key = { accessKey: reader.accessKey, secretKey: reader.secretKey }
    const body = { group_id, env_id: RELEASE }
    const exporting = await sluice.call('exportApiDefinitionsAsync', { body, key })
    expect(exporting.status).toBe(202)
    expect((await ended(sluice, exporting.body.task_id)).task_status).toBe('succeed')
    const importing = await sluice.call('importApiDefinitionsAsync', { form: { file_name: document }, key })
    expect(importing).toMatchObject({ status: 403, body: { error_code: 'APIG.1005' } })
  })

  test('many tasks are done one after another, and requests meanwhile', async () => {
    await using sluice = await management(engine)
    const group_id = await aGroup(sluice)
    await anApi(sluice, { group_id })
    const forms = Array.from({ length: 8 }, (_, index) => ({
      file_name: document.replace('imported_group', `many_${index}`),
    }))
    const ids = await Promise.all(forms.map((form) => begun(sluice, form)))
    const tasks = await Promise.all(ids.map((id) => ended(sluice, id)))
    expect(tasks.map(({ task_status }) => task_status)).toEqual(forms.map(() => 'succeed'))
    expect((await sluice.given('listApiGroupsV2', { query: { name: 'many_' } })).total).toBe(8)
  })
})
