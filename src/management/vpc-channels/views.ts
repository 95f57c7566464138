import type {
  CreateVpcChannelV2Response,
  MemberGroupInfo,
  MicroServiceInfo,
  VpcChannelInfo,
  VpcHealthConfigInfo,
  VpcMemberInfo,
} from '../../contract/generated/schemas.js'
import type { ChannelGroup } from '../../store/channel-groups.js'
import type { ChannelMemberRow } from '../../store/schema.js'
import type { ChannelHealthCheck, ChannelMicroservice, VpcChannel } from '../../store/vpc-channels.js'
import type { HealthOf } from './member-health.js'
import { portOf, type Surroundings } from './members.js'
import type { ChannelStatus } from './registry-status.js'
import { typeNumber } from './rules.js'

type Time = (moment: number) => string

/** As lists show it: without members and health check. */
export function listedChannelView(
  channel: VpcChannel,
  groups: readonly ChannelGroup[],
  status: ChannelStatus,
  time: Time,
): VpcChannelInfo {
  return {
    id: channel.id,
    name: channel.name,
    port: channel.port,
    balance_strategy: channel.balance_strategy,
    member_type: channel.member_type,
    type: typeNumber(channel.channel_type),
    vpc_channel_type: channel.channel_type,
    status,
    create_time: time(channel.created_at),
    member_groups: groups.map((group) => groupView(group, time)),
    microservice_info: microserviceView(channel, time),
  }
}

export function channelView(
  surroundings: Surroundings,
  members: readonly ChannelMemberRow[],
  status: ChannelStatus,
  time: Time,
  health: HealthOf,
): CreateVpcChannelV2Response {
  const { channel, groups } = surroundings
  return {
    ...listedChannelView(channel, groups, status, time),
    members: members.map((member) => memberView(member, surroundings, time, health)),
    ...(channel.healthCheck && { vpc_health_config: healthCheckView(channel.id, channel.healthCheck, time) }),
  }
}

export function groupView(group: ChannelGroup, time: Time): MemberGroupInfo {
  return {
    member_group_id: group.id,
    member_group_name: group.name,
    member_group_remark: group.remark,
    ...(group.weight !== null && { member_group_weight: group.weight }),
    microservice_version: group.microservice_version,
    microservice_port: group.microservice_port,
    microservice_labels: [...group.labels],
    ...(group.reference_channel_id !== null && { reference_vpc_channel_id: group.reference_channel_id }),
    create_time: time(group.created_at),
    update_time: time(group.updated_at),
  }
}

export function memberView(
  member: ChannelMemberRow,
  surroundings: Surroundings,
  time: Time,
  health: HealthOf,
): VpcMemberInfo {
  return {
    id: member.id,
    vpc_channel_id: member.channel_id,
    host: member.host,
    ecs_id: member.ecs_id,
    ecs_name: member.ecs_name,
    port: portOf(member, surroundings),
    weight: member.weight,
    is_backup: member.is_backup === 1,
    status: member.status,
    member_group_id: member.group_id ?? '',
    member_group_name: surroundings.groups.find(({ id }) => id === member.group_id)?.name ?? '',
    health_status: health(member.id),
    create_time: time(member.created_at),
  }
}

export function healthCheckView(channelId: string, check: ChannelHealthCheck, time: Time): VpcHealthConfigInfo {
  const { createdAt, ...attributes } = check
  return { ...attributes, vpc_channel_id: channelId, create_time: time(createdAt) }
}

/** Without a microservice, clients find the same object with empty texts. */
function microserviceView({ instance_id, microservice }: VpcChannel, time: Time): MicroServiceInfo {
  if (microservice === undefined)
    return {
      id: '',
      instance_id: '',
      service_type: '',
      cse_info: noEngine,
      cce_info: noCluster,
      create_time: '',
      update_time: '',
    }
  const { cce_service_info, nacos_info } = microservice
  return {
    id: microservice.id,
    instance_id,
    service_type: microservice.service_type,
    cse_info: { ...noEngine, ...microservice.cse_info },
    cce_info: { ...noCluster, ...microservice.cce_info },
    ...(cce_service_info && { cce_service_info: { ...cce_service_info, cluster_name: '' } }),
    ...(nacos_info && { nacos_info }),
    ...timesOf(microservice, time),
  }
}

function timesOf({ createdAt, updatedAt }: ChannelMicroservice, time: Time) {
  return { create_time: time(createdAt), update_time: time(updatedAt) }
}

/** Names and addresses of registries are known to the cloud alone. */
const noEngine = {
  engine_id: '',
  engine_name: '',
  service_id: '',
  service_name: '',
  register_address: '',
  cse_app_id: '',
}
const noCluster = { cluster_id: '', cluster_name: '', namespace: '', workload_type: '' as const, app_name: '' }
