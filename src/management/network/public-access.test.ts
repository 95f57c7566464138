import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management, type TestManagement } from '../../../test/management.js'
import { anInstance, refusalOf } from '../../../test/instances.js'

const shown = (sluice: TestManagement, instanceId = sluice.instanceId) =>
  sluice.given('showDetailsOfInstanceV2', { instanceId })

describe.each(engines)('public access on $name', (engine) => {
  test('20: outbound access is switched on, changed and switched off', async () => {
    await using sluice = await management(engine)
    const body = { bandwidth_size: '5', bandwidth_charging_mode: 'bandwidth' }

    const first = await sluice.call('addEngressEipV2', { body })
    expect([first.status, first.body]).toEqual([200, {}])
    expect(await shown(sluice)).toMatchObject({
      bandwidth_size: 5,
      bandwidth_charging_mode: 'bandwidth',
      nat_eip_address: '127.0.0.1',
    })
    expect(await refusalOf(sluice.call('addEngressEipV2', { body }))).toEqual([409, 'APIC.7709'])

    const changed = await sluice.call('updateEngressEipV2', { body: { bandwidth_size: 10 } })
    expect([changed.status, changed.body]).toEqual([200, {}])
    expect(await shown(sluice)).toMatchObject({ bandwidth_size: 10, bandwidth_charging_mode: 'bandwidth' })
    await sluice.given('updateEngressEipV2', { body: { bandwidth_size: 11, bandwidth_charging_mode: 'traffic' } })
    expect(await shown(sluice)).toMatchObject({ bandwidth_size: 11, bandwidth_charging_mode: 'traffic' })

    expect((await sluice.call('removeEngressEipV2')).status).toBe(204)
    expect(await shown(sluice)).toMatchObject({
      bandwidth_size: 0,
      bandwidth_charging_mode: '',
      nat_eip_address: '',
    })
    expect(await refusalOf(sluice.call('removeEngressEipV2'))).toEqual([404, 'APIC.7311'])
    expect(await refusalOf(sluice.call('updateEngressEipV2', { body }))).toEqual([400, 'APIC.9211'])
  })

  test('21: inbound access is opened by a job, changed and closed', async () => {
    await using sluice = await management(engine)
    const body = { bandwidth_size: 5, bandwidth_charging_mode: 'bandwidth' }

    const opened = await sluice.call('addIngressEipV2', { body })
    expect(opened.status).toBe(202)
    expect(opened.body).toEqual({
      instance_id: sluice.instanceId,
      job_id: expect.stringMatching(/^JOB-[0-9a-f]{32}$/),
      message: `JOB_ASSIGNED_FOR_UPDATE_0077I:The job ${opened.body.job_id} is assigned to the instance ${sluice.instanceId} for running updating`,
    })
    expect(await shown(sluice)).toMatchObject({
      status: 'Running',
      publicips: [{ ip_address: '127.0.0.1', bandwidth_size: 5 }],
      ingress_bandwidth_charging_mode: 'bandwidth',
    })
    expect(await refusalOf(sluice.call('addIngressEipV2', { body }))).toEqual([409, 'APIC.7711'])

    const changed = await sluice.call('updateIngressEipV2', { body: { bandwidth_size: 300 } })
    expect([changed.status, changed.body.message]).toEqual([202, expect.stringContaining('_FOR_UPDATE_0077I:')])
    expect((await shown(sluice)).publicips).toEqual([{ ip_address: '127.0.0.1', bandwidth_size: 300 }])

    expect((await sluice.call('removeIngressEipV2')).status).toBe(204)
    expect(await shown(sluice)).toMatchObject({ publicips: [], ingress_bandwidth_charging_mode: '' })
    expect(await refusalOf(sluice.call('removeIngressEipV2'))).toEqual([404, 'APIC.7311'])
    expect(await refusalOf(sluice.call('updateIngressEipV2', { body }))).toEqual([400, 'APIC.9211'])
  })

  test('a bandwidth is 5 to 2,000 and has to be given', async () => {
    await using sluice = await management(engine)
    const sized = (bandwidth_size: unknown) => ({ body: { bandwidth_size } })
    const bandwidthSize = [400, 'APIC.7211', 'Parameter value does not match the rules, parameter name[bandwidthSize]']

    for (const size of [4, 2_001, 0, '4', 'five', -5, 5.5, undefined]) {
      const { status, body } = await sluice.call('addEngressEipV2', sized(size))
      expect([status, body.error_code, body.error_msg], String(size)).toEqual(bandwidthSize)
    }
    for (const size of [4, 2_001, 'five', undefined]) {
      const { status, body } = await sluice.call('addIngressEipV2', sized(size))
      expect([status, body.error_code, body.error_msg], String(size)).toEqual(bandwidthSize)
    }
    const mode = await sluice.call('addEngressEipV2', { body: { bandwidth_size: 5, bandwidth_charging_mode: 'free' } })
    expect(mode.body.error_msg).toContain('parameter name[bandwidthChargingMode]')
    expect((await sluice.call('addEngressEipV2', sized(2_000))).status).toBe(200)
    expect((await sluice.call('addIngressEipV2', sized(2_000))).status).toBe(202)
    expect((await sluice.call('updateEngressEipV2', sized(3))).body.error_code).toBe('APIC.7211')
    expect((await sluice.call('updateIngressEipV2', sized(3))).body.error_code).toBe('APIC.7211')
    expect(await shown(sluice)).toMatchObject({
      bandwidth_size: 2_000,
      publicips: [{ ip_address: '127.0.0.1', bandwidth_size: 2_000 }],
    })
  })

  test('an elastic address is bound to an lvs instance, replaced and released', async () => {
    await using sluice = await management(engine, { settings: { ingressAddress: '192.0.2.7' } })
    const instanceId = await anInstance(sluice, { loadbalancer_provider: 'lvs', ingress_bandwidth_size: 5 })
    const bind = (eip_id?: string, id = instanceId) => sluice.call('addEipV2', { instanceId: id, body: { eip_id } })
    expect(await shown(sluice, instanceId)).toMatchObject({ eip_address: null, publicips: [] })
    expect(await refusalOf(sluice.call('removeEipV2', { instanceId }))).toEqual([404, 'APIC.7311'])

    for (const eip_id of ['85392b45-685c-4f77-b19a-14ad875b8190', '11392b45-685c-4f77-b19a-14ad875b8190']) {
      const { status, body } = await bind(eip_id)
      expect([status, body]).toEqual([200, { eip_id, eip_address: '192.0.2.7', eip_status: 'ACTIVE' }])
    }
    expect((await shown(sluice, instanceId)).eip_address).toBe('192.0.2.7')
    const listed = await sluice.given('listInstancesV2', { query: { instance_id: instanceId } })
    expect(listed.instances[0].eip_address).toBe('192.0.2.7')

    const released = await sluice.call('removeEipV2', { instanceId })
    expect([released.status, released.body]).toEqual([200, {}])
    expect((await shown(sluice, instanceId)).eip_address).toBeNull()

    const eipId = 'Parameter value does not match the rules, parameter name[eip_id]'
    expect((await bind()).body).toEqual({ error_code: 'APIC.7211', error_msg: eipId })
    expect((await bind('85392b45-685c-4f77-b19a-14ad875b8190', sluice.instanceId)).body.error_msg).toBe(eipId)
    expect(await refusalOf(sluice.call('addIngressEipV2', { instanceId, body: { bandwidth_size: 5 } }))).toEqual([
      400,
      'APIC.7242',
    ])
  })

  test('addresses follow the settings, not what was written down', async () => {
    await using sluice = await management(engine, { settings: { ingressAddress: '2001:db8::7' } })
    await sluice.given('addIngressEipV2', { body: { bandwidth_size: 5 } })

    expect(await shown(sluice)).toMatchObject({
      ingress_ip: '2001:db8::7',
      ingress_ip_v6: '2001:db8::7',
      publicips: [{ ip_address: '2001:db8::7', bandwidth_size: 5 }],
      privateips: [{ ip_address: '2001:db8::7', bandwidth_size: 5 }],
    })
  })

  test('while an instance is created its access cannot be changed', async () => {
    await using sluice = await management(engine, { settings: { instanceJobDuration: 60_000 } })
    const instanceId = await anInstance(sluice)
    const body = { bandwidth_size: 5 }

    expect(await refusalOf(sluice.call('addIngressEipV2', { instanceId, body }))).toEqual([409, 'APIC.7710'])
    expect(await refusalOf(sluice.call('addEngressEipV2', { instanceId, body }))).toEqual([409, 'APIC.7701'])
    expect(await refusalOf(sluice.call('addEipV2', { instanceId: 'unknown', body: {} }))).toEqual([404, 'APIC.7302'])
  })
})
