/** A channel, from the management API to its members and back: what is balanced, checked and shown. */
import { expect, test } from 'vitest'
import { httpApi } from '../../test/definitions.js'
import { members } from '../../test/members.js'
import { startSluice, until } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

test('calls are shared by weight; a member that fails its checks gets none, and is shown as unhealthy', async () => {
  await using behind = await members(2)
  await using running = await startSluice()
  const create = async (path: string, body: unknown): Promise<{ readonly id: string }> => {
    const reply = await running.call('POST', path, body)
    expect(reply).toMatchObject({ status: 201 })
    return reply.body as { readonly id: string }
  }
  const parts = behind.parts({ weight: 3 }, { weight: 1 })
  await running.call('POST', 'features', { name: 'vpc_health_status', enable: true, config: 'on' })
  const channel = await create('vpc-channels', {
    name: 'channel',
    port: 80,
    balance_strategy: 1,
    member_type: 'ip',
    members: parts.map(({ port, weight }) => ({ host: '127.0.0.1', port, weight })),
    vpc_health_config: {
      protocol: 'HTTP',
      path: '/up',
      http_code: '200',
      threshold_normal: 1,
      threshold_abnormal: 1,
      time_interval: 1,
      timeout: 1,
    },
  })
  const group = await create('api-groups', { name: 'group' })
  const api = await create('apis', {
    ...httpApi(group.id, { req_uri: '/hello' }),
    auth_type: 'NONE',
    backend_api: {
      vpc_channel_status: 1,
      vpc_channel_info: { vpc_channel_id: channel.id },
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/hello',
      timeout: 5000,
    },
  })
  await create('apis/action', { action: 'online', env_id: RELEASE, api_id: api.id })
  const host = `${group.id}.apic.localhost`
  const answer = async () => {
    const { status, body } = await running.get(host, '/hello')
    return status === 200 ? String(body) : undefined
  }
  const health = async () => {
    const { body } = await running.call('GET', `vpc-channels/${channel.id}/members`)
    return (body as { members: { health_status: string }[] }).members.map((member) => member.health_status).join(' ')
  }

  await until(answer)
  const answers: (string | undefined)[] = []
  for (let i = 0; i < 40; i++) answers.push(await answer())
  const share = answers.filter((one) => one === 'm1').length
  // Each gateway process has turns of its own.
  expect(Math.abs(share - 30)).toBeLessThanOrEqual(4)
  await until(async () => ((await health()) === 'healthy healthy' ? true : undefined))

  const [first] = behind.backends
  if (first !== undefined) first.answer = (response) => void response.writeHead(500).end('sick')
  await until(async () => ((await health()) === 'unhealthy healthy' ? true : undefined))
  // The other gateway process finds out by a check of its own.
  await until(async () => {
    for (let i = 0; i < 10; i++) if ((await answer()) !== 'm2') return undefined
    return true
  })
}, 90_000)
