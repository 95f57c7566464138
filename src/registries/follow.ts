/** Follows a service in whatever registry it is. */
import { ApiClient, type ClusterAccess } from './kubernetes/api-client.js'
import { followService, type ServiceTarget } from './kubernetes/service.js'
import { followWorkload, type WorkloadTarget } from './kubernetes/workload.js'
import { followNacos, type NacosPace } from './nacos/follow-nacos.js'
import type { NacosTarget } from './nacos/nacos-client.js'
import type { AddressGuard, Following, RegistryListener } from './registry.js'

export type RegistryTarget = WorkloadTarget | ServiceTarget | NacosTarget

export interface RegistryAccess {
  /** Absent: no cluster is known. */
  readonly cluster?: ClusterAccess | undefined
  readonly guard: AddressGuard
  readonly pace?: NacosPace
}

const PACE: NacosPace = { firstDelay: 1_000, longestDelay: 30_000, interval: 5_000 }

const NOTHING: Following = { stop: () => Promise.resolve() }
/** It is a part of paths. */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** Tells the listener from now on; it may be told at once, before this returns. */
export function follow(
  target: RegistryTarget,
  { cluster, guard, pace = PACE }: RegistryAccess,
  listener: RegistryListener,
): Following {
  if (target.kind === 'nacos') return followNacos(target, guard, listener, pace)
  if (cluster === undefined) {
    listener.failing('no cluster is known: there is no setting kubernetes_url, and Sluice does not run in a pod')
    return NOTHING
  }
  if (!NAMESPACE.test(target.namespace)) {
    listener.failing(`there is no namespace ${target.namespace}`)
    return NOTHING
  }
  const client = new ApiClient(cluster)
  return target.kind === 'workload'
    ? followWorkload(client, target, listener, pace)
    : followService(client, target, listener, pace)
}
