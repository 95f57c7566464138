import { sql, type Expression, type SqlBool } from 'kysely'
import type { MicroServiceCreate, MicroServiceInfoNacos } from '../contract/generated/schemas.js'
import { isPrecise, selectPage, type Page, type Paging } from './page.js'
import type { VpcChannelRow } from './schema.js'
import type { Selection } from './snapshot.js'
import type { Database } from './store.js'
import { named } from './text.js'

/** How gateways find out which members can be called. */
export interface ChannelHealthCheck {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly protocol: 'tcp' | 'http' | 'https'
  /** Empty for `tcp`, unless given; as are method and codes. */
  readonly path: string
  readonly method: 'GET' | 'HEAD' | ''
  readonly http_code: string
  /** 0: the member's own. */
  readonly port: number
  readonly threshold_normal: number
  readonly threshold_abnormal: number
  /** Seconds, as is `timeout`. */
  readonly time_interval: number
  readonly timeout: number
  readonly enable_client_ssl: boolean
  /** 1 on, 2 off. */
  readonly status: 1 | 2
}

/** Where the members of a microservice channel are registered. */
export interface ChannelMicroservice {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly service_type: NonNullable<MicroServiceCreate['service_type']>
  readonly cse_info?: MicroServiceCreate['cse_info']
  readonly cce_info?: MicroServiceCreate['cce_info']
  readonly cce_service_info?: MicroServiceCreate['cce_service_info']
  readonly nacos_info?: MicroServiceInfoNacos | undefined
  /** The password of the Nacos user; see `nacosPasswordContext`. */
  readonly nacosPasswordSealed?: string | undefined
}

/** What the sealed password of a Nacos user is bound to. */
export const nacosPasswordContext = (channelId: string): string => `nacos-password:${channelId}`

export interface VpcChannel extends Omit<VpcChannelRow, 'microservice' | 'health_check'> {
  readonly microservice: ChannelMicroservice | undefined
  readonly healthCheck: ChannelHealthCheck | undefined
}

export interface VpcChannelFilter {
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly precise_search?: string | undefined
  readonly vpc_channel_type?: VpcChannelRow['channel_type'] | undefined
  readonly member_host?: string | undefined
  readonly member_port?: number | undefined
  readonly member_group_name?: string | undefined
  readonly member_group_id?: string | undefined
}

export async function insertChannel(db: Database, channel: VpcChannel): Promise<void> {
  await db.insertInto('vpc_channels').values(rowOf(channel)).execute()
}

export async function updateChannel(db: Database, channel: VpcChannel): Promise<void> {
  const { id, ...changes } = rowOf(channel)
  await db.updateTable('vpc_channels').set(changes).where('id', '=', id).execute()
}

/** Groups and members go with it; another channel's group that stands for it keeps it from being deleted. */
export async function deleteChannel(db: Database, id: string): Promise<void> {
  await db.deleteFrom('vpc_channels').where('id', '=', id).execute()
}

export async function findChannel(db: Database, instanceId: string, id: string): Promise<VpcChannel | undefined> {
  return (await channelsAmong(db, instanceId, [id])).get(id)
}

/** Those of the channels that exist, by id. */
export async function channelsAmong(
  db: Database,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, VpcChannel>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('vpc_channels')
    .selectAll()
    .where('instance_id', '=', instanceId)
    .where('id', 'in', ids)
    .execute()
  return new Map(rows.map((row) => [row.id, channelOf(row)]))
}

/** By their ids, or by page in the order of their ids; of all instances. */
export async function selectChannels(db: Database, selection: Selection): Promise<VpcChannel[]> {
  let query = db.selectFrom('vpc_channels').selectAll()
  if ('ids' in selection) query = query.where('id', 'in', selection.ids)
  else query = query.where('id', '>', selection.after).orderBy('id').limit(selection.limit)
  return (await query.execute()).map(channelOf)
}

/** Those that have a registry, of all instances. */
export async function microserviceChannels(db: Database): Promise<VpcChannel[]> {
  const rows = await db
    .selectFrom('vpc_channels')
    .selectAll()
    .where('channel_type', '=', 'microservice')
    .orderBy('id')
    .execute()
  return rows.map(channelOf)
}

/** Newest first. */
export async function listChannels(
  db: Database,
  instanceId: string,
  filter: VpcChannelFilter,
  paging: Paging,
): Promise<Page<VpcChannel>> {
  const { id, name, vpc_channel_type, member_host, member_port, member_group_name, member_group_id } = filter
  let query = db
    .selectFrom('vpc_channels as channels')
    .selectAll('channels')
    .where('channels.instance_id', '=', instanceId)
    .orderBy('channels.created_at', 'desc')
    .orderBy('channels.id')
  if (id) query = query.where('channels.id', '=', id)
  if (name) query = query.where((eb) => named(eb.ref('channels.name'), name, isPrecise(filter.precise_search, 'name')))
  if (vpc_channel_type) query = query.where('channels.channel_type', '=', vpc_channel_type)
  if (member_group_name || member_group_id)
    query = query.where((eb) => {
      let groups = eb
        .selectFrom('channel_groups as groups')
        .select('groups.id')
        .whereRef('groups.channel_id', '=', 'channels.id')
      if (member_group_id) groups = groups.where('groups.id', '=', member_group_id)
      if (member_group_name) {
        const whole = isPrecise(filter.precise_search, 'member_group_name')
        groups = groups.where((inner) => named(inner.ref('groups.name'), member_group_name, whole))
      }
      return eb.exists(groups)
    })
  if (member_host || member_port)
    query = query.where((eb) => {
      let members = eb
        .selectFrom('channel_members as members')
        .leftJoin('channel_groups as groups', 'groups.id', 'members.group_id')
        .select('members.id')
        .whereRef('members.channel_id', '=', 'channels.id')
      if (member_host) members = members.where('members.host', '=', member_host)
      if (member_port) members = members.where(portIs(member_port))
      return eb.exists(members)
    })
  const { total, rows } = await selectPage(query, paging)
  return { total, rows: rows.map(channelOf) }
}

/** @param except a channel that may have the name: the one that is changed. */
export async function isChannelNameTaken(
  db: Database,
  instanceId: string,
  name: string,
  except = '',
): Promise<boolean> {
  const row = await db
    .selectFrom('vpc_channels')
    .select('id')
    .where('instance_id', '=', instanceId)
    .where('name', '=', name)
    .where('id', '<>', except)
    .executeTakeFirst()
  return row !== undefined
}

/** Channels of type `reference` that have a group which stands for this one. */
export async function channelsReferringTo(db: Database, id: string): Promise<string[]> {
  const rows = await db
    .selectFrom('channel_groups')
    .select('channel_id')
    .distinct()
    .where('reference_channel_id', '=', id)
    .execute()
  return rows.map(({ channel_id }) => channel_id)
}

/** The port on which a member is called: its own, else its group's, else its channel's (backends.md §3.1). */
function portIs(port: number): Expression<SqlBool> {
  return sql<SqlBool>`coalesce(nullif(members.port, 0), nullif(groups.microservice_port, 0), channels.port) = ${port}`
}

function rowOf({ microservice, healthCheck, ...columns }: VpcChannel): VpcChannelRow {
  return {
    ...columns,
    microservice: microservice === undefined ? null : JSON.stringify(microservice),
    health_check: healthCheck === undefined ? null : JSON.stringify(healthCheck),
  }
}

/** The texts were written by `rowOf`. */
function channelOf({ microservice, health_check, ...columns }: VpcChannelRow): VpcChannel {
  return {
    ...columns,
    microservice: microservice === null ? undefined : (JSON.parse(microservice) as ChannelMicroservice),
    healthCheck: health_check === null ? undefined : (JSON.parse(health_check) as ChannelHealthCheck),
  }
}
