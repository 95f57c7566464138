/** A channel as gateways run it: whom it calls, on which port, by which weight. */
import type { ChannelMember, ChannelPart, HealthCheck } from '../../snapshot/parts.js'
import type { ChannelContent, FilledChannel } from '../../store/channel-contents.js'
import type { ChannelGroup } from '../../store/channel-groups.js'
import type { ChannelHealthCheck } from '../../store/vpc-channels.js'
import { portOf } from './members.js'

export function channelPart(content: ChannelContent): ChannelPart {
  const { channel, groups } = content
  return {
    kind: 'channel',
    id: channel.id,
    instanceId: channel.instance_id,
    balancing: BALANCING[channel.balance_strategy],
    groups: groups.map(({ id, name }) => ({ id, name })),
    members: channel.channel_type === 'reference' ? groups.flatMap((group) => standIns(group, content)) : own(content),
  }
}

const BALANCING = { 1: 'WRR', 2: 'WLC', 3: 'SH', 4: 'URI' } as const

function own({ channel, groups, members }: FilledChannel): ChannelMember[] {
  const check = checkOf(channel.healthCheck)
  return members
    .filter(({ status }) => status === 1)
    .map((member) => ({
      id: member.id,
      host: member.host,
      port: portOf(member, { channel, groups }),
      weight: member.weight,
      backup: member.is_backup === 1,
      ...(member.group_id !== null && { groupId: member.group_id }),
      ...(check && { check }),
    }))
}

/**
 * The members of the channel that a group stands for. A weight of the group holds for all of them (backends.md §3.1);
 * they are checked as the channel that refers says or, if that says nothing, as their own.
 */
function standIns(group: ChannelGroup, { channel, referred }: ChannelContent): ChannelMember[] {
  const target = referred.get(group.reference_channel_id ?? '')
  if (target === undefined) return []
  const check = checkOf(channel.healthCheck ?? target.channel.healthCheck)
  return own(target).map(({ check: _, ...member }) => ({
    ...member,
    port: member.port || group.microservice_port || channel.port,
    weight: group.weight ?? member.weight,
    groupId: group.id,
    ...(check && { check }),
  }))
}

const MILLISECONDS = 1_000

function checkOf(check: ChannelHealthCheck | undefined): HealthCheck | undefined {
  if (check?.status !== 1) return undefined
  return {
    protocol: check.protocol,
    port: check.port,
    path: check.path,
    method: check.method,
    codes: check.http_code,
    healthyAfter: check.threshold_normal,
    unhealthyAfter: check.threshold_abnormal,
    interval: check.time_interval * MILLISECONDS,
    timeout: check.timeout * MILLISECONDS,
    clientCertificate: check.enable_client_ssl,
  }
}
