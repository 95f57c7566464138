/** Makes a route of a publication: the steps that its configuration asks for, in the order of request-lifecycle.md §1. */
import type { Functions } from '../../functions/functions.js'
import type { Limiter } from '../../limits/limiter.js'
import type { AuthorizerPart, PluginPart, PublicationPart, ThrottlePart } from '../../snapshot/parts.js'
import type { KafkaSinks } from '../../telemetry/kafka/sinks.js'
import { RouteLabels } from '../../telemetry/route-labels.js'
import type { Statistics } from '../../telemetry/statistics.js'
import type { AddressSet } from '../address-set.js'
import type { Apps } from '../auth/apps.js'
import type { IamCallers } from '../auth/iam.js'
import type { AuthorizerAnswers } from '../auth/authorizer-answers.js'
import { compileBackendAuthorizer, compileFrontendAuthorizer } from '../auth/custom-authorizer.js'
import { compileAuth } from '../auth/index.js'
import { compilePluginAuth, type LoginPlaces } from '../auth/plugin-auth.js'
import type { PluginServices } from '../auth/plugin-services.js'
import { compileAmendments } from '../backends/amendment.js'
import type { Channels } from '../backends/channels.js'
import { compileBackends } from '../backends/compile-backends.js'
import type { Origins } from '../backends/origins.js'
import type { ServerIdentity } from '../backends/system-parameters.js'
import type { Circuits } from '../circuits.js'
import type { Features } from '../features.js'
import type { CallerFeatures } from '../caller-features.js'
import { percentDecode } from '../percent-encoding.js'
import { compileAccountAccess, compileAddressAccess } from '../policies/access.js'
import { appQuota } from '../policies/app-quota.js'
import { compileBackendSignature } from '../policies/backend-signature.js'
import { compileBreaker } from '../policies/breaker.js'
import { compileCors } from '../policies/cors.js'
import { compileKafkaLog } from '../policies/kafka-log.js'
import { compileProxyMirror, type Mirrors } from '../policies/proxy-mirror.js'
import { compileProxyCache, type ReplyCache } from '../policies/proxy-cache.js'
import { compileSetRespHeaders } from '../policies/set-resp-headers.js'
import { compileRateLimit } from '../policies/rate-limit.js'
import { compileThrottle, throttlePolicy } from '../policies/throttle.js'
import { boundPlugins, PluginDefect, type BoundPlugins } from '../bound-plugins.js'
import { callFunction } from '../functions/function-backend.js'
import { compileGzip } from '../responses/gzip.js'
import type { ReplyStep } from '../responses/reply-lines.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { bodySizeCheck, protocolCheck } from './request-checks.js'
import type { Route, RouteObserver } from './route.js'

/** What all routes of a gateway share. */
export interface Surroundings {
  readonly limiter: Limiter
  readonly origins: Origins
  readonly channels: Channels
  readonly forbidden: AddressSet
  readonly server: ServerIdentity
  readonly statistics: Statistics
  readonly replies: ReplyCache
  readonly circuits: Circuits
  readonly kafka: KafkaSinks
  readonly mirrors: Mirrors
  /** Logged as `region_id`. */
  readonly region: string
  readonly services: PluginServices
  readonly functions: Functions
  /** What authorizers have answered. */
  readonly answers: WeakMap<AuthorizerPart, AuthorizerAnswers>
}

/** What a route depends on besides its publication; it is compiled anew when one of them changes. */
export interface Dependencies {
  readonly stage: string
  readonly features: Features
  readonly callers: CallerFeatures
  readonly apps: Apps
  readonly iam: IamCallers
  readonly throttle: ThrottlePart | undefined
  /** Those that are attached; `undefined` in place of one that the gateway does not know. */
  readonly plugins: readonly (PluginPart | undefined)[] | undefined
  readonly logins: LoginPlaces
  /** `undefined` for one that the gateway does not know. */
  readonly authorizer: (id: string) => AuthorizerPart | undefined
}

/** A plug-in that cannot be compiled lets no request pass: it may be what keeps callers out. */
export function compileRoute(
  publication: PublicationPart,
  placeholders: readonly string[],
  dependencies: Dependencies,
  surroundings: Surroundings,
): Route {
  const { plugins = [], ...others } = dependencies
  try {
    return compile(publication, placeholders, { ...others, plugins: boundPlugins(plugins) }, surroundings)
  } catch (error) {
    if (!(error instanceof PluginDefect)) throw error
    const route = compile(publication, placeholders, { ...others, plugins: boundPlugins([]) }, surroundings)
    return { ...route, steps: [(exchange) => refuse(exchange, 'APIG.0104')] }
  }
}

function compile(
  publication: PublicationPart,
  placeholders: readonly string[],
  { stage, features, callers, apps, iam, throttle: policy, plugins, logins, authorizer }: Compiled,
  { limiter, statistics, replies, circuits, services, kafka, mirrors, region, answers, ...gateway }: Surroundings,
): Route {
  // In the order of their phases. A plug-in compiles where its phase is named, from `plugins.<type>`.
  const { definition, instanceId, groupId, apiId, environmentId } = publication
  const { bodyLimit, defaultLimit, countsLocally } = features
  const cors = compileCors(plugins.cors, definition)
  // A preflight carries no credentials: 16 to 20 are skipped.
  const isOpen = definition.req_method === 'OPTIONS' && definition.cors
  const quota = definition.auth_type === 'APP' ? appQuota : undefined
  const rules = { publication, stage, server: gateway.server, pathsAsSent: features.pathsAsSent }
  const limits = compileRateLimit(plugins.rate_limit, rules) ?? throttlePolicy(policy, features)
  const throttle = compileThrottle(limits, { limiter, publication, defaultLimit, countsLocally, quota })
  const pluginAuth = compilePluginAuth(plugins, {
    ...{ publication, stage, features, logins, services },
    ...{ channels: gateway.channels, server: gateway.server },
  })
  const pathOf = (path: string): string => (features.pathsAsSent ? path : (percentDecode(path) ?? path))
  const kafkaLog = compileKafkaLog(plugins.kafka_log, {
    sinks: kafka,
    api: {
      apiId,
      apiName: definition.name,
      authType: definition.auth_type,
      uriMode: definition.match_mode,
      region,
      pathOf,
    },
    modes: callers.modes,
    secrets: pluginAuth.secrets,
  })
  const backends = { publication, stage, placeholders, features, callers, ...gateway }
  const breaker = compileBreaker(plugins.breaker, backends, circuits)
  const authorization = { publication, placeholders, features, functions: gateway.functions, answers }
  // One beside another way to authenticate is a second factor. Nobody passes one that is not there.
  const asksInFront = !isOpen && (definition.auth_type === 'AUTHORIZER' || definition.authorizer_id !== undefined)
  const frontendAuthorizer = asksInFront
    ? compileFrontendAuthorizer(authorizer(definition.authorizer_id ?? ''), authorization)
    : undefined
  const backendAuthorizer = (id: string): Step => compileBackendAuthorizer(authorizer(id), authorization)
  const callsFunction =
    plugins.breaker !== undefined ||
    [definition.backend, ...definition.policies.map(({ backend }) => backend)].some(({ type }) => type === 'FUNCTION')
  /** Between the parameters and the backend; each may answer instead of it, or make another plan. */
  const beforeBackend: readonly (Step | undefined)[] = [
    // 27
    breaker?.step,
    // 28, and 36 by a tap
    compileProxyCache(plugins.proxy_cache, {
      ...{ publication, stage, server: gateway.server, replies },
      passesEvents: features.passesEvents,
    }),
  ]
  /** 35, 36, 39: told of the backend's reply and of the end. */
  const observers: readonly (RouteObserver | undefined)[] = [
    // 35
    breaker?.observer,
    // 39
    kafkaLog?.observer,
  ]
  /** 37 */
  const replySteps: readonly (ReplyStep | undefined)[] = [
    cors?.headers,
    compileSetRespHeaders(plugins.set_resp_headers, { publication, stage, server: gateway.server }),
    compileGzip(definition.req_protocol === 'GRPCS' ? undefined : features.gzipLevel),
  ]
  const phases = [
    // Before anything can answer, since answers are told as well.
    kafkaLog?.step,
    protocolCheck(definition), // 11
    bodySizeCheck(bodyLimit), // 12
    cors?.preflight, // 13
    compileAddressAccess(publication.access), // 14
    compileAuth(definition, { api: `${apiId}/${environmentId}`, bodyLimit, apps, callers, ...iam }), // 16, 17, 18
    compileAccountAccess(definition.auth_type === 'IAM' && !isOpen ? publication.access : undefined), // 18
    ...pluginAuth.steps, // 19
    frontendAuthorizer, // 20
    throttle.step, // 21, 22
    compileBackends(backends, present(beforeBackend), backendAuthorizer), // 23, 24, 26, 27, 28, 29, 30
    // What plug-ins change in the plan.
    pluginAuth.steps.length === 0 && breaker?.amends !== true ? undefined : compileAmendments(),
    callsFunction ? callFunction : undefined, // 34, of functions
    compileProxyMirror(plugins.proxy_mirror, { mirrors }), // 31
    // 33, with the plan: the engine knows nothing of keys.
    compileBackendSignature(publication.signature, callers),
  ]
  return {
    publication,
    stage,
    placeholders,
    steps: present(phases),
    observers: present(observers),
    replySteps: present(replySteps),
    throttle,
    statistics: statistics.of(instanceId, groupId, apiId, environmentId),
    labels: new RouteLabels(apiId, definition.name, definition.auth_type, pluginAuth.secrets),
    grpc: definition.req_protocol === 'GRPCS',
  }
}

type Compiled = Omit<Dependencies, 'plugins'> & { readonly plugins: BoundPlugins }

/** Without what the API does not use. */
function present<T>(list: readonly (T | undefined)[]): readonly T[] {
  return list.filter((one) => one !== undefined)
}
