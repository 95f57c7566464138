/**
 * What a type of response is until a group overrides it, in the order in which replies show the types (conventions.md
 * §6, responses.md §2). The status of a type is what the API shows; where it is not the status of every error of the
 * type, the gateway sends that of the error.
 */
import type { GatewayResponseType } from '../../contract/generated/schemas.js'

export const defaultStatus = {
  ACCESS_DENIED: 403,
  AUTHORIZER_CONF_FAILURE: 500,
  AUTHORIZER_FAILURE: 500,
  AUTHORIZER_IDENTITIES_FAILURE: 401,
  AUTH_FAILURE: 401,
  AUTH_HEADER_MISSING: 401,
  BACKEND_TIMEOUT: 504,
  BACKEND_UNAVAILABLE: 502,
  DEFAULT_4XX: 404,
  DEFAULT_5XX: 500,
  NOT_FOUND: 404,
  REQUEST_PARAMETERS_FAILURE: 400,
  THROTTLED: 429,
  UNAUTHORIZED: 401,
  THIRD_AUTH_FAILURE: 401,
  THIRD_AUTH_IDENTITIES_FAILURE: 401,
  THIRD_AUTH_CONF_FAILURE: 500,
  OIDC_AUTH_TOKEN_VERIFY_FAIL: 401,
  OIDC_AUTH_GET_DISCOVERY_ERROR: 500,
  OIDC_AUTH_CODE_FLOW_FAIL: 500,
  JWT_AUTH_FAILURE: 401,
  ORCHESTRATION_PARAMETER_NOT_FOUND: 400,
  ORCHESTRATION_FAILURE: 400,
} as const satisfies Record<GatewayResponseType, number>

export const responseTypes = Object.keys(defaultStatus) as GatewayResponseType[]

export const DEFAULT_BODY =
  '{"error_code":"$context.error.code","error_msg":"$context.error.message","request_id":"$context.requestId"}'
