import type { Vault } from '../../config/vault.js'
import type { MicroServiceCreate } from '../../contract/generated/schemas.js'
import { nacosPasswordContext, type ChannelMicroservice } from '../../store/vpc-channels.js'
import { missing } from './rules.js'

export interface MicroserviceStamp {
  readonly channelId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly newId: () => string
  readonly vault: Vault
}

/**
 * Where a microservice channel finds its members: the block of its kind of registry, and no other.
 *
 * @param before what it replaces: id and time of creation stay
 * @throws {Fault} 2001 for the kind, or its block
 */
export function microserviceOf(
  given: MicroServiceCreate,
  before: ChannelMicroservice | undefined,
  { channelId, now, newId, vault }: MicroserviceStamp,
): ChannelMicroservice {
  const { service_type } = given
  if (service_type === undefined) throw missing('service_type')
  const base = { id: before?.id ?? newId(), createdAt: before?.createdAt ?? now, updatedAt: now, service_type }
  switch (service_type) {
    case 'CSE':
      return { ...base, cse_info: present(given.cse_info, 'cse_info') }
    case 'CCE':
      return { ...base, cce_info: present(given.cce_info, 'cce_info') }
    case 'CCE_SERVICE':
      return { ...base, cce_service_info: present(given.cce_service_info, 'cce_service_info') }
    case 'NACOS': {
      const { user_info, ...nacos } = present(given.nacos_info, 'nacos_info')
      return {
        ...base,
        nacos_info: {
          ...nacos,
          namespace: nacos.namespace ?? '',
          cluster_name: nacos.cluster_name || 'DEFAULT',
          group_name: nacos.group_name || 'DEFAULT_GROUP',
          server_config: nacos.server_config.map((server) => ({
            ...server,
            grpc_port: server.grpc_port ?? Math.min(server.port + GRPC_PORT_DISTANCE, HIGHEST_PORT),
          })),
          user_info: { user_name: user_info.user_name },
        },
        nacosPasswordSealed: vault.seal(user_info.password, nacosPasswordContext(channelId)),
      }
    }
  }
}

/** Nacos listens for gRPC at this distance from its port. */
const GRPC_PORT_DISTANCE = 1_000
const HIGHEST_PORT = 65_535

function present<T>(block: T | undefined, name: string): T {
  if (block === undefined) throw missing(name)
  return block
}

/** Whether both tell of the same instances. */
export function isSameRegistry(one: ChannelMicroservice | undefined, other: ChannelMicroservice | undefined): boolean {
  return JSON.stringify(whereOf(one)) === JSON.stringify(whereOf(other))
}

function whereOf(microservice: ChannelMicroservice | undefined) {
  if (microservice === undefined) return undefined
  const { service_type, cse_info, cce_info, cce_service_info, nacos_info } = microservice
  return [service_type, sorted(cse_info), sorted(cce_info), sorted(cce_service_info), sorted(nacos_info)]
}

/** What clients leave out or give in another order is the same to them. */
const sorted = (block: object | undefined) => Object.entries(block ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
