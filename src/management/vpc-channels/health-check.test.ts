import { describe, expect, test } from 'vitest'
import { aChannel, at, channel } from '../../../test/channels.js'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { verdict } from '../../../test/verdict.js'

const tcp = { protocol: 'TCP', threshold_normal: 1, threshold_abnormal: 1, time_interval: 1, timeout: 1 }
const http = {
  protocol: 'HTTP',
  path: '/health',
  http_code: '200,201-299',
  threshold_normal: 2,
  threshold_abnormal: 5,
  time_interval: 10,
  timeout: 5,
}

describe.each(engines)('health checks of channels on $name', (engine) => {
  test('94: a check by TCP has no path, method or codes, and reads in lower case', async () => {
    await using sluice = await management(engine)

    const { body } = await sluice.call('createVpcChannelV2', { body: channel({ vpc_health_config: tcp }) })

    expect(body.vpc_health_config).toEqual({
      ...tcp,
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      vpc_channel_id: body.id,
      protocol: 'tcp',
      path: '',
      method: '',
      http_code: '',
      port: 0,
      status: 1,
      enable_client_ssl: false,
      create_time: expect.stringMatching(/\.\d{3}Z$/),
    })
    const { vpc_health_config: read } = (await sluice.call('showDetailsOfVpcChannelV2', at(body.id))).body
    expect(read).toMatchObject({ protocol: 'tcp', path: '', method: '', http_code: '', port: 0 })
  })

  test('a check is changed in place, and stays when an update of the channel has none', async () => {
    await using sluice = await management(engine)
    const id = await aChannel(sluice)
    expect((await sluice.call('showDetailsOfVpcChannelV2', at(id))).body).not.toHaveProperty('vpc_health_config')

    const first = await sluice.call('updateHealthCheck', { ...at(id), body: http })
    const second = await sluice.call('updateHealthCheck', {
      ...at(id),
      body: { ...http, protocol: 'https', method: 'HEAD', port: 81, status: 2, enable_client_ssl: true },
    })

    expect([first.status, first.body]).toMatchObject([200, { ...http, protocol: 'http', method: 'GET', port: 0 }])
    expect(second.body).toMatchObject({
      id: first.body.id,
      protocol: 'https',
      method: 'HEAD',
      port: 81,
      status: 2,
      enable_client_ssl: true,
    })
    const updated = await sluice.call('updateVpcChannelV2', { ...at(id), body: channel({ name: 'renamed' }) })
    expect([updated.body.name, updated.body.vpc_health_config]).toMatchObject([
      'renamed',
      { id: first.body.id, port: 81 },
    ])
    const https = { ...http, protocol: 'HTTPS', http_code: undefined }
    expect((await sluice.call('updateHealthCheck', { ...at(id), body: https })).body.http_code).toBe('200')
    for (const [attributes, expected] of [
      [{ timeout: 11 }, '400 2011 timeout'],
      [{ path: '' }, '400 2001 path'],
      [{ path: undefined }, '400 2001 path'],
      [{ http_code: undefined }, '400 2001 http_code'],
      [{ http_code: '299-200' }, '400 2011 http_code'],
      [{ threshold_normal: 11 }, '400 2011 threshold_normal'],
      [{ protocol: 'UDP' }, '400 2011 protocol'],
    ] as const)
      expect(verdict(await sluice.call('updateHealthCheck', { ...at(id), body: { ...http, ...attributes } }))).toBe(
        expected,
      )
    expect(verdict(await sluice.call('updateHealthCheck', { ...at('0'), body: http }))).toBe('404 3023')
  })
})
