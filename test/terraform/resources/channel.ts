/** VPC channels, their member groups and members: calls as in clients.md §4. */
import type { Document } from '../document.js'
import type { Golangsdk } from '../golangsdk.js'
import { set, type Resource } from '../provider.js'

export interface MemberGroupConfig {
  readonly name: string
  readonly description: string
  readonly weight: number
  readonly reference_vpc_channel_id?: string
}

export interface MemberConfig {
  readonly host?: string
  readonly id?: string
  readonly name?: string
  readonly weight: number
  readonly is_backup: boolean
  readonly group_name: string
  readonly status: number
  readonly port: number
}

export interface HealthCheckConfig {
  readonly protocol: string
  readonly threshold_normal: number
  readonly threshold_abnormal: number
  readonly interval: number
  readonly timeout: number
  readonly path: string
  readonly method: string
  readonly port: number
  readonly http_codes: string
  readonly enable_client_ssl: boolean
  readonly status: number
}

export interface ChannelConfig {
  readonly name: string
  readonly port: number
  readonly balance_strategy: number
  readonly member_type: string
  readonly type: string
  /** Sets. */
  readonly member_group: readonly MemberGroupConfig[]
  readonly member: readonly MemberConfig[]
  readonly health_check: readonly HealthCheckConfig[]
}

export function apigChannel(sdk: Golangsdk, at: string): Resource<ChannelConfig> {
  const channels = `${at}/vpc-channels`
  const body = (config: ChannelConfig) => ({
    name: config.name,
    port: config.port,
    balance_strategy: config.balance_strategy,
    member_type: config.member_type,
    // A number stands for the older way to say it.
    ...(/^\d$/.test(config.type) ? { type: Number(config.type) } : { vpc_channel_type: config.type }),
    member_groups: config.member_group.map(memberGroupBody),
    members: config.member.map(memberBody),
    ...(config.health_check[0] === undefined ? {} : { vpc_health_config: healthBody(config.health_check[0]) }),
  })
  return {
    create: async (config) => (await sdk.post(channels, body(config))).text('id'),
    async read(id) {
      const channel = await sdk.get(`${channels}/${id}`)
      const byAddress = channel.text('member_type') === 'ip'
      return {
        name: channel.text('name'),
        port: channel.number('port'),
        balance_strategy: channel.number('balance_strategy'),
        member_type: channel.text('member_type'),
        type: channel.text('vpc_channel_type'),
        created_at: channel.time('create_time'),
        status: channel.number('status'),
        member_group: set(channel.list('member_groups').map(memberGroupOf)),
        member: set(channel.list('members').map((member) => memberOf(member, byAddress))),
        health_check: channel.has('vpc_health_config') ? [healthOf(channel.object('vpc_health_config'))] : [],
      }
    },
    update: (id, config) => sdk.put(`${channels}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${channels}/${id}`),
  }
}

const memberGroupBody = ({ name, description, weight, reference_vpc_channel_id }: MemberGroupConfig) => ({
  member_group_name: name,
  member_group_remark: description,
  member_group_weight: weight,
  ...(reference_vpc_channel_id === undefined ? {} : { reference_vpc_channel_id }),
})

function memberGroupOf(group: Document): MemberGroupConfig {
  const reference = group.text('reference_vpc_channel_id')
  return {
    name: group.text('member_group_name'),
    description: group.text('member_group_remark'),
    weight: group.number('member_group_weight'),
    ...(reference === '' ? {} : { reference_vpc_channel_id: reference }),
  }
}

/** A port of 0 is not sent: it is then that of the channel. */
const memberBody = ({ host, id, name, group_name, port, ...rest }: MemberConfig) => ({
  ...rest,
  ...(host === undefined ? { ecs_id: id, ecs_name: name } : { host }),
  ...(group_name === '' ? {} : { member_group_name: group_name }),
  ...(port === 0 ? {} : { port }),
})

function memberOf(member: Document, byAddress: boolean): MemberConfig {
  const address = { host: member.text('host'), id: member.text('ecs_id'), name: member.text('ecs_name') }
  if (Object.values(address).includes('')) throw new Error(`a member without ${JSON.stringify(address)}`)
  const { host, id, name } = address
  return {
    ...(byAddress ? { host } : { id, name }),
    weight: member.number('weight'),
    is_backup: member.flag('is_backup'),
    group_name: member.text('member_group_name'),
    status: member.number('status'),
    port: member.number('port'),
  }
}

/** Go's `omitempty` for texts and the port; the protocol as the provider spells it. */
const healthBody = ({ protocol, interval, path, method, port, http_codes, ...rest }: HealthCheckConfig) => ({
  ...rest,
  protocol: protocol.toLowerCase(),
  time_interval: interval,
  ...(path === '' ? {} : { path }),
  ...(method === '' ? {} : { method }),
  ...(port === 0 ? {} : { port }),
  ...(http_codes === '' ? {} : { http_code: http_codes }),
})

const healthOf = (health: Document): HealthCheckConfig => ({
  protocol: health.text('protocol').toUpperCase(),
  threshold_normal: health.number('threshold_normal'),
  threshold_abnormal: health.number('threshold_abnormal'),
  interval: health.number('time_interval'),
  timeout: health.number('timeout'),
  path: health.text('path'),
  method: health.text('method'),
  port: health.number('port'),
  http_codes: health.text('http_code'),
  enable_client_ssl: health.flag('enable_client_ssl'),
  status: health.number('status'),
})

/** One member of a channel that others share; its id is that of the member. */
export function apigChannelMember(
  sdk: Golangsdk,
  at: string,
  channel: string,
  memberType: 'ip' | 'ecs',
): Resource<MemberConfig> {
  const members = `${at}/vpc-channels/${channel}/members`
  async function put(config: MemberConfig): Promise<string> {
    const made = await sdk.post(members, { members: [memberBody(config)] })
    const mine = made.list('members').find((member) => {
      const isInGroup = member.text('member_group_name') === config.group_name
      return isInGroup && (config.host ? member.text('host') === config.host : member.text('ecs_id') === config.id)
    })
    return mine?.text('id') ?? ''
  }
  return {
    create: put,
    async read(id) {
      for (const member of await sdk.list(members, 'members', {}, 500)) {
        if (member.text('id') !== id) continue
        member.time('create_time')
        if (member.text('member_group_id') === '') throw new Error('a member without the id of its group')
        return { ...memberOf(member, memberType === 'ip') }
      }
      return undefined
    },
    update: (_, config) => put(config),
    delete: (id) => sdk.delete(`${members}/${id}`),
  }
}

export function apigChannelMemberGroup(sdk: Golangsdk, at: string, channel: string): Resource<MemberGroupConfig> {
  const groups = `${at}/vpc-channels/${channel}/member-groups`
  return {
    async create(config) {
      const made = await sdk.post(groups, { member_groups: [memberGroupBody(config)] })
      return (
        made
          .list('member_groups')
          .find((group) => group.text('member_group_name') === config.name)
          ?.text('member_group_id') ?? ''
      )
    },
    async read(id) {
      const group = await sdk.get(`${groups}/${id}`)
      return { ...memberGroupOf(group), created_at: group.time('create_time'), updated_at: group.time('update_time') }
    },
    update: (id, config) => sdk.put(`${groups}/${id}`, memberGroupBody(config)),
    delete: (id) => sdk.delete(`${groups}/${id}`),
    async find({ name }) {
      const found = (await sdk.list(groups, 'member_groups')).find((one) => one.text('member_group_name') === name)
      return found?.text('member_group_id') ?? ''
    },
  }
}
