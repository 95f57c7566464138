/** Makes a route of a publication: the steps that its configuration asks for, in the order of request-lifecycle.md §1. */
import type { Limiter } from '../../limits/limiter.js'
import type { PublicationPart, ThrottlePart } from '../../snapshot/parts.js'
import { routeLabels } from '../../telemetry/access-line.js'
import type { Statistics } from '../../telemetry/statistics.js'
import type { AddressSet } from '../address-set.js'
import type { Apps } from '../auth/apps.js'
import type { IamCallers } from '../auth/iam.js'
import { compileAuth } from '../auth/index.js'
import type { Channels } from '../backends/channels.js'
import { compileBackends } from '../backends/compile-backends.js'
import type { Origins } from '../backends/origins.js'
import type { ServerIdentity } from '../backends/system-parameters.js'
import type { Features } from '../features.js'
import type { CallerFeatures } from '../caller-features.js'
import { compileAccountAccess, compileAddressAccess } from '../policies/access.js'
import { appQuota } from '../policies/app-quota.js'
import { compileBackendSignature } from '../policies/backend-signature.js'
import { compileThrottle } from '../policies/throttle.js'
import { bodySizeCheck, protocolCheck } from './request-checks.js'
import type { Route } from './route.js'

/** What all routes of a gateway share. */
export interface Surroundings {
  readonly limiter: Limiter
  readonly origins: Origins
  readonly channels: Channels
  readonly forbidden: AddressSet
  readonly server: ServerIdentity
  readonly statistics: Statistics
}

/** What a route depends on besides its publication; it is compiled anew when one of them changes. */
export interface Dependencies {
  readonly stage: string
  readonly features: Features
  readonly callers: CallerFeatures
  readonly apps: Apps
  readonly iam: IamCallers
  readonly throttle: ThrottlePart | undefined
}

export function compileRoute(
  publication: PublicationPart,
  placeholders: readonly string[],
  { stage, features, callers, apps, iam, throttle: policy }: Dependencies,
  { limiter, statistics, ...gateway }: Surroundings,
): Route {
  const { definition, instanceId, groupId, apiId, environmentId } = publication
  const { bodyLimit, defaultLimit } = features
  const quota = definition.auth_type === 'APP' ? appQuota : undefined
  const throttle = compileThrottle(policy, { limiter, publication, defaultLimit, quota })
  const phases = [
    protocolCheck(definition), // 11
    bodySizeCheck(bodyLimit), // 12
    compileAddressAccess(publication.access), // 14
    compileAuth(definition, { api: `${apiId}/${environmentId}`, bodyLimit, apps, callers, ...iam }), // 16, 17, 18
    compileAccountAccess(definition.auth_type === 'IAM' ? publication.access : undefined), // 18
    throttle.step, // 21, 22
    compileBackends({ publication, stage, placeholders, features, callers, ...gateway }), // 23, 24, 26, 30
    // 33, with the plan: the engine knows nothing of keys.
    compileBackendSignature(publication.signature, callers.signatureHeader),
  ]
  return {
    publication,
    stage,
    placeholders,
    steps: phases.filter((step) => step !== undefined),
    throttle,
    statistics: statistics.of(instanceId, groupId, apiId),
    labels: routeLabels(apiId, definition.name, definition.auth_type),
    grpc: definition.req_protocol === 'GRPCS',
  }
}
