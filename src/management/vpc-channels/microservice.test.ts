import { describe, expect, test } from 'vitest'
import { at, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { verdict } from '../../../test/verdict.js'
import { nacosPasswordContext } from '../../store/vpc-channels.js'

describe.each(engines)('microservice channels on $name', (engine) => {
  test('microservices are echoed; the password of a registry is neither shown nor stored in clear', async () => {
    await using sluice = await management(engine)
    const nacos = {
      service_name: 'orders',
      server_config: [{ ip_address: '10.0.0.7', port: 8848 }],
      user_info: { user_name: 'reader', password: 'kept to itself' },
    }
    const body = channel({ type: 3, microservice_info: { service_type: 'NACOS', nacos_info: nacos } })

    const { body: created } = await sluice.call('createVpcChannelV2', { body })

    expect(created.microservice_info).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      instance_id: sluice.instanceId,
      service_type: 'NACOS',
      nacos_info: {
        namespace: '',
        cluster_name: 'DEFAULT',
        group_name: 'DEFAULT_GROUP',
        service_name: 'orders',
        server_config: [{ ip_address: '10.0.0.7', port: 8848, grpc_port: 9848 }],
        user_info: { user_name: 'reader' },
      },
      create_time: created.create_time,
      update_time: created.create_time,
    })
    const { microservice } = await sluice.store.read((db) =>
      db.selectFrom('vpc_channels').select('microservice').executeTakeFirstOrThrow(),
    )
    const { nacosPasswordSealed } = JSON.parse(microservice ?? '') as { nacosPasswordSealed: string }
    expect(microservice).not.toContain('kept to itself')
    expect(sluice.vault.open(nacosPasswordSealed, nacosPasswordContext(created.id))).toBe('kept to itself')

    const cce_info = { cluster_id: 'c1', namespace: 'default', workload_type: 'deployment', app_name: 'shop' }
    const update = (microservice_info?: object) =>
      sluice.call('updateVpcChannelV2', { ...at(created.id), body: channel({ microservice_info }) })
    const cce = (await update({ service_type: 'CCE', cce_info })).body.microservice_info
    expect(cce).toMatchObject({
      id: created.microservice_info.id,
      service_type: 'CCE',
      cce_info: { ...cce_info, cluster_name: '' },
    })
    expect(cce).not.toHaveProperty('nacos_info')
    const kept = (await update()).body.microservice_info
    expect(kept).toMatchObject({ id: cce.id, service_type: 'CCE', cce_info })
    const cce_service_info = { cluster_id: 'c1', namespace: 'default', service_name: 'shop' }
    expect((await update({ service_type: 'CCE_SERVICE', cce_service_info })).body.microservice_info).toMatchObject({
      service_type: 'CCE_SERVICE',
      cce_service_info,
      cce_info: { cluster_id: '' },
    })
  })

  test('weights of groups are the registry’s where there is one', async () => {
    await using sluice = await management(engine)
    const nacos_info = {
      service_name: 'orders',
      server_config: [{ ip_address: '10.0.0.7', port: 8848 }],
      user_info: { user_name: 'reader', password: 'secret' },
    }
    const of = (member_group_weight: number) =>
      channel({
        type: 3,
        microservice_info: { service_type: 'NACOS', nacos_info },
        member_groups: [{ member_group_name: 'one', member_group_weight }],
      })
    expect(verdict(await sluice.call('createVpcChannelV2', { body: of(1) }))).toBe('400 2011 member_group_weight')
    const { body } = await sluice.call('createVpcChannelV2', { body: of(0) })
    expect(body.member_groups[0]).not.toHaveProperty('member_group_weight')
  })
})
