/**
 * Quotas are records that an operator may change (quotas.md): read at each check, never remembered. They count what
 * exists at the moment of the check; the writer's lock keeps the count true until its insert.
 */
import { fault, type BareFaultCode } from '../contract/faults.js'
import { configValue } from '../store/configs.js'
import type { Database } from '../store/store.js'
import { configDefaults, projectConfig, type ConfigName, type ProjectConfigName } from './configs/catalogue.js'

/** The refusal of each quota; limits that are not refused by a code of their own are absent. */
const refusals = {
  INSTANCE_NUM_LIMIT: 'APIC.7400',
  APIGROUP_NUM_LIMIT: 'APIG.3101',
  API_NUM_LIMIT: 'APIG.3102',
  APP_NUM_LIMIT: 'APIG.3103',
  ENVIRONMENT_NUM_LIMIT: 'APIG.3104',
  SIGN_NUM_LIMIT: 'APIG.3105',
  VARIABLE_NUM_LIMIT: 'APIG.3106',
  THROTTLE_NUM_LIMIT: 'APIG.3107',
  APIGROUP_DOMAIN_NUM_LIMIT: 'APIG.3108',
  VPC_NUM_LIMIT: 'APIG.3109',
  VPC_INSTANCE_NUM_LIMIT: 'APIG.3110',
  API_PARAM_NUM_LIMIT: 'APIG.3111',
  ACL_NUM_LIMIT: 'APIG.3112',
  API_POLICY_NUM_LIMIT: 'APIG.3113',
  API_CONDITION_NUM_LIMIT: 'APIG.3114',
  AUTHORIZER_NUM_LIMIT: 'APIG.3116',
  AUTHORIZER_IDENTITY_NUM_LIMIT: 'APIG.3117',
  API_NUM_LIMIT_PER_GROUP: 'APIG.3125',
  APP_CODE_NUM_LIMIT: 'APIG.3131',
  API_SWAGGER_NUM_LIMIT: 'APIG.3132',
  API_TAG_NUM_LIMIT: 'APIG.3133',
  RESPONSE_NUM_LIMIT: 'APIG.3136',
  APP_THROTTLE_LIMIT: 'APIG.3100',
  USER_THROTTLE_LIMIT: 'APIG.3100',
} as const satisfies Partial<Record<ConfigName | ProjectConfigName, BareFaultCode>>

export type QuotaName = keyof typeof refusals

/** The part of an operation's context that says whose quota is meant. */
export interface QuotaScope {
  readonly db: Database
  readonly projectId: string
  readonly instanceId: string
}

/** Throws the quota's 403 when `adding` more of what there are `existing` of would be too many. */
export async function withinQuota(scope: QuotaScope, name: QuotaName, existing: number, adding = 1): Promise<void> {
  if (existing + adding > (await limitOf(scope, name))) throw fault(refusals[name])
}

/** The limit in force. */
export async function limitOf(
  { db, projectId, instanceId }: QuotaScope,
  name: ConfigName | ProjectConfigName,
): Promise<number> {
  if (name === projectConfig.name) return Number((await configValue(db, projectId, name)) ?? projectConfig.value)
  return Number((await configValue(db, instanceId, name)) ?? configDefaults[name][0])
}
