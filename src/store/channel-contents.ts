/** What gateways must know of channels, read in bulk: with groups and members, and those of the channels they stand for. */
import { groupsOfChannels, type ChannelGroup } from './channel-groups.js'
import { membersOfChannels } from './channel-members.js'
import type { ChannelMemberRow } from './schema.js'
import type { Selection } from './snapshot.js'
import type { Database } from './store.js'
import { selectChannels, type VpcChannel } from './vpc-channels.js'

export interface FilledChannel {
  readonly channel: VpcChannel
  readonly groups: readonly ChannelGroup[]
  readonly members: readonly ChannelMemberRow[]
}

export interface ChannelContent extends FilledChannel {
  /** The channels that groups of this one stand for, by id; they stand for no others. */
  readonly referred: ReadonlyMap<string, FilledChannel>
}

export async function channelContents(db: Database, selection: Selection): Promise<ChannelContent[]> {
  const chosen = await filled(db, await selectChannels(db, selection))
  const ids = [...new Set(chosen.flatMap(({ groups }) => groups.flatMap((group) => group.reference_channel_id ?? [])))]
  const others = ids.length === 0 ? [] : await filled(db, await selectChannels(db, { ids }))
  const referred = new Map(others.map((other) => [other.channel.id, other]))
  return chosen.map((content) => ({ ...content, referred }))
}

async function filled(db: Database, channels: readonly VpcChannel[]): Promise<FilledChannel[]> {
  const ids = channels.map(({ id }) => id)
  const groups = await groupsOfChannels(db, ids)
  const members = await membersOfChannels(db, ids)
  return channels.map((channel) => ({
    channel,
    groups: groups.get(channel.id) ?? [],
    members: members.get(channel.id) ?? [],
  }))
}
