/**
 * What docs/compatibility.md says beside what can be seen from the handlers: one row where an operation, or a family of
 * them, is not as in the cloud. Whoever makes a row untrue removes it.
 */
import type { OperationId } from '../../src/contract/generated/operations.js'

export interface Remark {
  /** Answers or does something else. */
  readonly state: 'differs'
  readonly why: string
}

const differs = (why: string): Remark => ({ state: 'differs', why })

/** For each operation of a family (a tag of the contract) that changes something and has no row of its own. */
export const familyRemarks: Readonly<Record<string, Remark>> = {
  'App quotas': differs(
    'Windows begin at `reset_time`, UTC; without one when the app is given the quota, not at its first call.',
  ),
  'Custom authorizers': differs(
    'URNs are those of the functions folder or of the endpoint that the settings name; which of them exist is not known when an authorizer is made.',
  ),
  Orchestrations: differs(
    'How `hash` is computed is not published: here it is the CRC-32 of the UTF-8 value, in decimal.',
  ),
  Plugins: differs(
    'Circuits of `breaker` are counted by each process of a node. `rate_limit` counts within a node, exactly; by the algorithm `local` in each of its processes by itself. `proxy_mirror` sends no copies of calls of functions.',
  ),
  'Signature keys': differs(
    'How `aes` and `public_key` sign is not published: policies.md §4 says what backends of Sluice get.',
  ),
}

const noBilling = 'Nothing is charged: the order is paid when it is placed, and its record is kept.'

export const operationRemarks: Readonly<Partial<Record<OperationId, Remark>>> = {
  // Instances
  createInstanceV2: differs(
    'An instance is a partition of the same gateways, running within half a second. Network, security group and zones are records; `eip_id` counts for `lvs` only.',
  ),
  deleteInstancesV2: differs('Over within half a second.'),
  listAvailableZonesV2: differs('Two zones derived from the name of the region; any zone may be named in a creation.'),
  showDetailsOfInstanceV2: differs(
    'Addresses are the one at which the gateway listens. `instance_version` is `v2`: the cloud shows a build, which would change with every upgrade.',
  ),
  showRestrictionOfInstanceV2: differs('Networks of the machine: loopback, link-local and the address of the gateway.'),

  // Network
  addEipV2: differs(
    'There is no address to bind: the id is kept, and the address shown is the one at which the gateway listens.',
  ),
  addEngressEipV2: differs(
    'Outbound access is always open. The switch and the bandwidth are records; nothing is throttled.',
  ),
  updateEngressEipV2: differs('The bandwidth is a record; nothing is throttled.'),
  removeEngressEipV2: differs('Outbound access stays open; the record is cleared.'),
  addIngressEipV2: differs(
    'The gateway is reached where it listens. The switch and the bandwidth are records; nothing is throttled. Done at once.',
  ),
  updateIngressEipV2: differs('The bandwidth is a record; nothing is throttled. Done at once.'),
  removeIngressEipV2: differs('The gateway stays reachable where it listens; the record is cleared, at once.'),
  addCustomIngressPort: differs(
    'Ports of all instances are those of the same machines: one that is taken is reported in the log of the gateway.',
  ),
  addEndpointPermissions: differs('There are no VPC endpoints: who may connect is a record.'),
  deleteEndpointPermissions: differs('There are no VPC endpoints: who may connect is a record.'),
  listEndpointConnections: differs(
    'Empty, but for rows that an operator writes into the table `endpoint_connections`: there are no VPC endpoints.',
  ),
  acceptOrRejectEndpointConnections: differs(
    'Changes the record of a connection that an operator has written; at once.',
  ),

  // Orders
  createOrder: differs(noBilling),
  createPrepayResize: differs(
    `${noBilling} The instance is locked against deletion and another resize until the job is over, half a second later.`,
  ),
  createPostPayResizeOrder: differs(
    'Nothing is charged. An edition decides how many APIs an instance admits, not how fast it is.',
  ),

  // Tags
  listInstancesByTags: differs('`sys_tags` names enterprise projects: there are no other system tags.'),
  showInstancesNumByTags: differs('`sys_tags` names enterprise projects: there are no other system tags.'),

  // Statistics & metrics
  listMetricData: differs(
    '`inbound_eip` is what clients of the instance sent and got, while it has public ingress; `outbound_eip` what went to HTTP, WebSocket and gRPC backends at public addresses and came from them, while it has public egress: of TLS what is inside, of gRPC the messages. Calls of functions, authorizers and mirrors are not counted. Kept for a day.',
  ),
  listApiGroupsQuantitiesV2: differs('Nothing is on sale: there is no marketplace.'),

  // Features & config
  createFeatureV2: differs(
    'May be changed at any time, not once a minute. `lts` tells requests in a file for each stream. By `throttle_strategy` `local` each process counts for itself. `route` is a record: routes are those of the machine. Replies are passed on piece by piece whatever `sse_strategy` says: it keeps streams of events out of `proxy_cache`.',
  ),

  // APIs
  createApiV2: differs(
    'A function is one of the functions folder or of the endpoint that the settings name; gRPC backends cannot be functions.',
  ),
  updateApiV2: differs('As for creation.'),

  // VPC channels
  createVpcChannelV2: differs(
    'Channels of Kubernetes follow the cluster that the settings name, whatever `cluster_id` says; those of CSE have the members that are added. Servers are called by the `host` that is given with them or, without one, by their id as a name.',
  ),
  updateVpcChannelV2: differs('As for creation.'),
  debugApiV2: differs(
    'The gateway beside the management API is called. The text of `log` is its own; a draft counts in statistics.',
  ),

  // Import/export
  importApiDefinitionsV2: differs(
    'An API that is kept is told in `ignore`, and with the reason in `failure`. Descriptions that are too long are cut. Policies that a file names are bound when the API is next published in `RELEASE`.',
  ),
  importApiDefinitionsAsync: differs('As for the import that is waited for.'),
  importMicroservice: differs(
    'Kubernetes is the cluster that the settings name, whatever `cluster_id` says; engines of CSE are not followed.',
  ),

  // Throttling
  createRequestThrottlingPolicyV2: differs('No adaptive control: `enable_adaptive_control` is always `FALSE`.'),
  updateRequestThrottlingPolicyV2: differs('No adaptive control: `enable_adaptive_control` is always `FALSE`.'),
}
