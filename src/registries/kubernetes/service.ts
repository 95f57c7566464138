/** The endpoints of a Service: the addresses in its endpoint slices that are ready, and its ports by number. */
import type { Following, Instance, Pace, RegistryListener } from '../registry.js'
import type { ApiClient } from './api-client.js'
import { ListWatch } from './list-watch.js'
import { endpointSliceOf, serviceOf, type EndpointSlice, type Service } from './objects.js'

export interface ServiceTarget {
  readonly kind: 'service'
  readonly namespace: string
  readonly service: string
}

export function followService(
  client: ApiClient,
  { namespace, service }: ServiceTarget,
  listener: RegistryListener,
  pace: Pace,
): Following {
  const inNamespace = `/namespaces/${encodeURIComponent(namespace)}`
  const services = new ListWatch(
    client,
    {
      path: `/api/v1${inNamespace}/services`,
      query: { fieldSelector: `metadata.name=${service}` },
      read: serviceOf,
    },
    tell,
    pace,
  )
  const slices = new ListWatch(
    client,
    {
      path: `/apis/discovery.k8s.io/v1${inNamespace}/endpointslices`,
      query: { labelSelector: `kubernetes.io/service-name=${service}` },
      read: endpointSliceOf,
    },
    tell,
    pace,
  )
  function tell(): void {
    const failure = services.failure ?? slices.failure
    if (failure !== undefined) listener.failing(failure)
    else if (services.items !== undefined && slices.items !== undefined)
      listener.found(endpointsOf(services.items.get(service), slices.items.values()))
  }
  return {
    async stop() {
      await Promise.all([services.stop(), slices.stop()])
    },
  }
}

/** Without the Service there is nobody to say which port is which. */
function endpointsOf(service: Service | undefined, slices: Iterable<EndpointSlice>): Instance[] {
  if (service === undefined) return []
  const byHost = new Map<string, Instance>()
  for (const slice of slices) {
    // Names of hosts are deprecated there, and nobody's addresses.
    if (slice.addressType !== 'IPv4' && slice.addressType !== 'IPv6') continue
    const ports = portsOf(service, slice)
    for (const { addresses, conditions, targetRef } of slice.endpoints) {
      const [host] = addresses
      // Unknown counts as ready (EndpointConditions); endpoints that are about to end are not ready.
      if (host === undefined || conditions?.ready === false) continue
      // An endpoint may be in two slices for a while.
      byHost.set(host, { name: targetRef?.name ?? host, host, port: 0, ports })
    }
  }
  return [...byHost.values()]
}

function portsOf({ spec }: Service, slice: EndpointSlice): ReadonlyMap<number, number> {
  const offered = spec.ports.filter(({ protocol }) => isTcp(protocol))
  const ports = new Map<number, number>()
  for (const { name, port } of offered) {
    const target = slice.ports.find((one) => (one.name ?? '') === (name ?? '') && isTcp(one.protocol))?.port
    if (target == null) continue
    ports.set(port, target)
    if (offered.length === 1) ports.set(0, target)
  }
  return ports
}

const isTcp = (protocol: string | null | undefined): boolean => (protocol ?? 'TCP') === 'TCP'
