/** What operations name, looked up once for a whole import: channels, orchestration rules, authorizers. */
import { fault, isFault } from '../../../contract/faults.js'
import { groupsOfChannels } from '../../../store/channel-groups.js'
import { listOrchestrations } from '../../../store/orchestrations.js'
import { listChannels } from '../../../store/vpc-channels.js'
import type { OperationContext } from '../../operation.js'
import type { NamedThings } from './definition.js'
import type { Definitions } from './definitions.js'

/** Quotas keep an instance from having more. */
const ALL = { offset: 0, limit: 10_000 }

export async function namedThings(
  { db, instanceId }: OperationContext,
  { authorizers }: Definitions,
): Promise<NamedThings> {
  const { rows: channels } = await listChannels(db, instanceId, {}, ALL)
  const groups = await groupsOfChannels(
    db,
    channels.map(({ id }) => id),
  )
  const { rows: orchestrations } = await listOrchestrations(db, instanceId, {}, ALL)
  const rules = new Map(orchestrations.flatMap(({ id, name }) => [[id, id] as const, [name, id] as const]))
  return {
    channel(name) {
      const channel = channels.find((one) => one.name === name)
      if (channel === undefined) throw fault('APIG.3023', { id: name })
      return {
        id: channel.id,
        memberGroup(groupName) {
          const group = groups.get(channel.id)?.find((one) => one.name === groupName)
          if (group === undefined) throw fault('APIG.3024', { id: groupName })
          return group.id
        },
      }
    },
    authorizer(scheme) {
      const authorizer = authorizers.get(scheme)
      if (authorizer === undefined) throw fault('APIG.3081', { id: scheme })
      if (isFault(authorizer)) throw authorizer
      return authorizer.id
    },
    isBackendAuthorizer(scheme) {
      const authorizer = authorizers.get(scheme)
      return authorizer !== undefined && !isFault(authorizer) && authorizer.type === 'BACKEND'
    },
    orchestrations: (names) =>
      names.map((name) => {
        const id = rules.get(name)
        if (id === undefined) throw fault('APIG.3095')
        return id
      }),
  }
}
