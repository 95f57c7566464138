import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { setConfig } from '../../store/configs.js'
import { configNames } from './catalogue.js'

interface Config {
  readonly config_name: string
  readonly config_value: string
  readonly used: number
}

describe.each(engines)('configs on $name', (engine) => {
  test('102: every name of an instance, with what is used', async () => {
    await using sluice = await management(engine)
    await sluice.given('createApiGroupV2', { body: { name: 'shop' } })
    await sluice.given('createEnvironmentV2', { body: { name: 'DEV' } })
    await sluice.given('createEnvironmentV2', { body: { name: 'TEST' } })
    await sluice.given('createAnAppV2', { body: { name: 'caller' } })

    const list = await sluice.given('listProjectCofigsV2', { query: { limit: 100 } })

    expect(list.total).toBe(configNames.length)
    expect(list.total).toBeGreaterThanOrEqual(40)
    const configs = list.configs as Config[]
    expect(configs.map((config) => config.config_name).toSorted()).toEqual([...configNames].toSorted())
    const used = Object.fromEntries(configs.map((config) => [config.config_name, config.used]))
    expect(used).toMatchObject({
      APIGROUP_NUM_LIMIT: 2,
      ENVIRONMENT_NUM_LIMIT: 3,
      APP_NUM_LIMIT: 1,
      API_NUM_LIMIT: 0,
      THROTTLE_NUM_LIMIT: 0,
      API_VERSION_NUM_LIMIT: 0,
    })
    expect(configs.find((config) => config.config_name === 'API_VERSION_NUM_LIMIT')).toEqual({
      config_id: '9',
      config_name: 'API_VERSION_NUM_LIMIT',
      config_value: '10',
      config_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      remark: 'Versions kept of an API in one environment',
      used: 0,
    })
  })

  test('one name, and pages', async () => {
    await using sluice = await management(engine)

    const one = await sluice.given('listProjectCofigsV2', { query: { config_name: 'APP_NUM_LIMIT' } })
    expect([one.total, one.configs[0].config_value]).toEqual([1, '50'])
    expect(await sluice.given('listProjectCofigsV2', { query: { config_name: 'NONE' } })).toMatchObject({ total: 0 })
    const first = await sluice.given('listProjectCofigsV2')
    expect([first.total, first.size]).toEqual([configNames.length, 20])
  })

  test('the quota of the project is a record that counts', async () => {
    await using sluice = await management(engine)

    const list = await sluice.given('listInstanceConfigsV2')
    expect(list).toEqual({
      total: 1,
      size: 1,
      configs: [
        {
          config_id: '1',
          config_name: 'INSTANCE_NUM_LIMIT',
          config_value: '5',
          config_time: expect.stringMatching(/Z$/),
          remark: 'Gateways in the project',
        },
      ],
    })
    await sluice.store.write([], ({ db }) => setConfig(db, sluice.projectId, 'INSTANCE_NUM_LIMIT', '1'))
    const { status, body } = await sluice.call('createInstanceV2', {
      body: {
        instance_name: 'second',
        spec_id: 'BASIC',
        vpc_id: 'v',
        subnet_id: 's',
        security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
        available_zone_ids: ['a'],
      },
    })
    expect([status, body.error_code]).toEqual([403, 'APIC.7400'])
    expect(await sluice.given('listInstanceConfigsV2', { query: { offset: 1 } })).toEqual({
      total: 1,
      size: 0,
      configs: [],
    })
  })
})
