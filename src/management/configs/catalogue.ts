/**
 * The quotas and switches that each instance has records of (quotas.md §8), with the values that a new instance gets.
 * The records are what counts: an operator may change a limit of one instance.
 */
export const configNames = [
  'API_NUM_LIMIT',
  'APP_NUM_LIMIT',
  'APIGROUP_NUM_LIMIT',
  'ENVIRONMENT_NUM_LIMIT',
  'VARIABLE_NUM_LIMIT',
  'SIGN_NUM_LIMIT',
  'THROTTLE_NUM_LIMIT',
  'APIGROUP_DOMAIN_NUM_LIMIT',
  'API_VERSION_NUM_LIMIT',
  'VPC_NUM_LIMIT',
  'VPC_INSTANCE_NUM_LIMIT',
  'API_PARAM_NUM_LIMIT',
  'API_USER_CALL_LIMIT',
  'ACL_NUM_LIMIT',
  'APP_THROTTLE_LIMIT',
  'USER_THROTTLE_LIMIT',
  'API_NUM_LIMIT_PER_GROUP',
  'API_POLICY_NUM_LIMIT',
  'API_CONDITION_NUM_LIMIT',
  'SL_DOMAIN_CALL_LIMIT',
  'ELB_SWITCH',
  'AUTHORIZER_NUM_LIMIT',
  'AUTHORIZER_IDENTITY_NUM_LIMIT',
  'APP_CODE_NUM_LIMIT',
  'REGION_MANAGER_WHITELIST_SERVICES',
  'API_SWAGGER_NUM_LIMIT',
  'API_TAG_NUM_LIMIT',
  'LTS_SWITCH',
  'APP_KEY_SECRET_SWITCH',
  'RESPONSE_NUM_LIMIT',
  'CONFIG_NUM_LIMIT_PER_APP',
  'BACKEND_TOKEN_ALLOW_SWITCH',
  'APP_TOKEN_SWITCH',
  'API_DESIGNER_SWITCH',
  'APP_API_KEY_SWITCH',
  'APP_BASIC_SWITCH',
  'APP_JWT_SWITCH',
  'APP_ROUTE_SWITCH',
  'PUBLIC_KEY_SWITCH',
  'APP_SECRET_SWITCH',
  'CASCADE_SWITCH',
  'IS_INIT_API_PATH_HASH',
] as const

export type ConfigName = (typeof configNames)[number]

const ON = '1'
const OFF = '2'

/** Value and remark. `API_NUM_LIMIT` is that of the smallest edition; see `apiLimit` of instances/editions.ts. */
export const configDefaults: Readonly<Record<ConfigName, readonly [value: string, remark: string]>> = {
  API_NUM_LIMIT: ['250', 'APIs in the gateway'],
  APP_NUM_LIMIT: ['50', 'Apps in the gateway'],
  APIGROUP_NUM_LIMIT: ['1500', 'API groups in the gateway'],
  ENVIRONMENT_NUM_LIMIT: ['10', 'Environments in the gateway'],
  VARIABLE_NUM_LIMIT: ['50', 'Variables of an API group in one environment'],
  SIGN_NUM_LIMIT: ['200', 'Signature keys in the gateway'],
  THROTTLE_NUM_LIMIT: ['300', 'Request throttling policies in the gateway'],
  APIGROUP_DOMAIN_NUM_LIMIT: ['5', 'Domain names of an API group'],
  API_VERSION_NUM_LIMIT: ['10', 'Versions kept of an API in one environment'],
  VPC_NUM_LIMIT: ['200', 'VPC channels in the gateway'],
  VPC_INSTANCE_NUM_LIMIT: ['200', 'Members of a VPC channel'],
  API_PARAM_NUM_LIMIT: ['50', 'Request parameters of an API'],
  API_USER_CALL_LIMIT: ['200', 'Calls of an API per second when no policy says otherwise'],
  ACL_NUM_LIMIT: ['100', 'Access control policies in the gateway'],
  APP_THROTTLE_LIMIT: ['30', 'Apps excluded from a request throttling policy'],
  USER_THROTTLE_LIMIT: ['30', 'Users excluded from a request throttling policy'],
  API_NUM_LIMIT_PER_GROUP: ['1000', 'APIs of an API group'],
  API_POLICY_NUM_LIMIT: ['5', 'Backend policies of an API'],
  API_CONDITION_NUM_LIMIT: ['5', 'Conditions of a backend policy'],
  SL_DOMAIN_CALL_LIMIT: ['1000', 'Calls per day to the debugging domain name of an API group'],
  ELB_SWITCH: [ON, 'Load balancing'],
  AUTHORIZER_NUM_LIMIT: ['50', 'Custom authorizers in the gateway'],
  AUTHORIZER_IDENTITY_NUM_LIMIT: ['10', 'Identity sources of a custom authorizer'],
  APP_CODE_NUM_LIMIT: ['5', 'AppCodes of an app'],
  REGION_MANAGER_WHITELIST_SERVICES: ['', 'Services that may manage the gateway'],
  API_SWAGGER_NUM_LIMIT: ['10', 'Import documents kept of an API group'],
  API_TAG_NUM_LIMIT: ['10', 'Tags of an API'],
  LTS_SWITCH: [ON, 'Shipping of access logs'],
  APP_KEY_SECRET_SWITCH: [ON, 'Choosing the key and the secret of an app'],
  RESPONSE_NUM_LIMIT: ['10', 'Gateway responses of an API group'],
  CONFIG_NUM_LIMIT_PER_APP: ['1000', 'Configuration entries of an app'],
  BACKEND_TOKEN_ALLOW_SWITCH: [ON, 'Forwarding of tokens to backends'],
  APP_TOKEN_SWITCH: [ON, 'Authentication of apps by app_token'],
  API_DESIGNER_SWITCH: [OFF, 'API Designer'],
  APP_API_KEY_SWITCH: [ON, 'Authentication of apps by app_api_key'],
  APP_BASIC_SWITCH: [ON, 'Authentication of apps by app_basic'],
  APP_JWT_SWITCH: [ON, 'Authentication of apps by app_jwt'],
  APP_ROUTE_SWITCH: [ON, 'Access by IP address'],
  PUBLIC_KEY_SWITCH: [ON, 'Signature keys of type public_key'],
  APP_SECRET_SWITCH: [ON, 'Authentication of apps by app_secret'],
  CASCADE_SWITCH: [OFF, 'Cascading of gateways'],
  IS_INIT_API_PATH_HASH: [ON, 'Hashes of API paths are set up'],
}

/** The quota of a project: how many instances it may have (quotas.md §1). */
export const projectConfig = {
  id: 1,
  name: 'INSTANCE_NUM_LIMIT',
  value: '5',
  remark: 'Gateways in the project',
} as const

export type ProjectConfigName = typeof projectConfig.name
