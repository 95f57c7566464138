/** The pods of a workload: those with its label that a controller of its kind has made, while they are ready. */
import type { Following, Instance, Pace, RegistryListener } from '../registry.js'
import type { ApiClient } from './api-client.js'
import { ListWatch } from './list-watch.js'
import { podOf, type Pod } from './objects.js'

export interface WorkloadTarget {
  readonly kind: 'workload'
  readonly namespace: string
  readonly workloadType: 'deployment' | 'statefulset' | 'daemonset'
  readonly label: string
  readonly value: string
}

/** Who makes the pods of each type; of a deployment, its replica sets. */
const CONTROLLERS = { deployment: 'ReplicaSet', statefulset: 'StatefulSet', daemonset: 'DaemonSet' } as const

export function followWorkload(
  client: ApiClient,
  target: WorkloadTarget,
  listener: RegistryListener,
  pace: Pace,
): Following {
  const collection = {
    path: `/api/v1/namespaces/${encodeURIComponent(target.namespace)}/pods`,
    query: { labelSelector: `${target.label}=${target.value}` },
    read: podOf,
  }
  const pods = new ListWatch(client, collection, tell, pace)
  function tell(): void {
    if (pods.failure !== undefined) listener.failing(pods.failure)
    else if (pods.items !== undefined) listener.found(instancesOf(pods.items.values(), target.workloadType))
  }
  return pods
}

function instancesOf(pods: Iterable<Pod>, type: WorkloadTarget['workloadType']): Instance[] {
  const instances: Instance[] = []
  for (const pod of pods) {
    const host = pod.status?.podIP
    if (!host || !isReady(pod) || !isOf(pod, CONTROLLERS[type])) continue
    instances.push({ name: pod.metadata.name, host, port: 0, labels: pod.metadata.labels })
  }
  return instances
}

/** One that is about to end gets nothing new, though it may still count as ready. */
const isReady = ({ metadata, status }: Pod): boolean =>
  !metadata.deletionTimestamp &&
  status?.phase === 'Running' &&
  status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')

const isOf = ({ metadata }: Pod, controller: string): boolean =>
  metadata.ownerReferences.some((owner) => owner.controller === true && owner.kind === controller)
