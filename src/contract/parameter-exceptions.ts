/**
 * Where single operations leave the rules of errors.md §3, as their reference pages show it. A row here is a fact
 * about the real service; the rules themselves are in parameter-faults.ts.
 */
import type { OperationId } from './generated/operations.js'

/** Path parameters that are reported as `id`: the resource that the operation itself is about. */
export const pathReportedAsId: ReadonlySet<string> = new Set([
  'acl_id',
  'acl_bindings_id',
  'authorizer_id',
  'app_auth_id',
  'sign_bindings_id',
  'throttle_binding_id',
  'strategy_id',
  'vpc_channel_id',
  'member_id',
])

/** Operations that report `app_id` as `id`; the others that have it in the path use its own name. */
export const appReportedAsId: ReadonlySet<OperationId> = new Set([
  'checkAppV2',
  'deleteAppV2',
  'resettingAppSecretV2',
  'showDetailsOfAppV2',
  'updateAppV2',
])

/** Path parameters whose malformed value is APIG.2011 where all others are APIG.2012. */
export const pathWithBodyCode: ReadonlySet<string> = new Set(['acl_id', 'acl_bindings_id', 'authorizer_id'])

/** Operations whose filters by name are APIG.2011 where all others are APIG.2012. */
export const nameFilterWithBodyCode: ReadonlySet<OperationId> = new Set([
  'listAclPolicyBindedToApiV2',
  'listAclStrategiesV2',
  'listApisBindedToAclPolicyV2',
  'listApisUnbindedToAclPolicyV2',
  'listAppsV2',
  'listCustomAuthorizersV2',
  'listVpcChannelsV2',
])

/** Operations whose unacceptable body members are APIG.2012 where all others are APIG.2011. */
export const bodyWithQueryCode: ReadonlySet<OperationId> = new Set([
  'associateCertificateV2',
  'createEnvironmentV2',
  'updateApiGroupV2',
  'updateEnvironmentV2',
])

/** Ids in a body that are APIG.2011 where all others are APIG.2012. */
export const bodyIdWithBodyCode: Readonly<Partial<Record<OperationId, readonly string[]>>> = {
  createApiAclBindingV2: ['acl_id'],
  createAuthorizingAppsV2: ['api_ids', 'app_ids'],
}

/** What `?action=` must be, in the words of the operation. */
export const actionVariants = {
  batchDeleteAclV2: 'actionDelete',
  batchDeleteApiAclBindingV2: 'actionDelete',
  batchDisassociateThrottlingPolicyV2: 'actionDeleteBare',
  batchPublishOrOfflineApiV2: 'actionOnlineOffline',
} as const satisfies Partial<Record<OperationId, string>>

/** Names that the APIC plane reports as they are and not in camel case. */
export const unchangedNames: ReadonlySet<string> = new Set(['eip_id', 'ingress_port_id'])

/** Families whose whole numbers have codes of their own for "too small" and "too large". */
export const familiesWithBounds: ReadonlySet<string> = new Set(['Throttling', 'App quotas'])
