/**
 * The error codes of the data plane, as data (responses.md §3): those that are produced; §3.1 says why others are not. Where one code has several meanings, a word after the
 * code tells them apart; callers get the code alone.
 */

/** What a group may give a response of its own for (responses.md §2); empty for replies that no group answers. */
type ResponseType =
  | 'AUTH_FAILURE'
  | 'AUTH_HEADER_MISSING'
  | 'AUTHORIZER_FAILURE'
  | 'AUTHORIZER_CONF_FAILURE'
  | 'AUTHORIZER_IDENTITIES_FAILURE'
  | 'BACKEND_UNAVAILABLE'
  | 'BACKEND_TIMEOUT'
  | 'THROTTLED'
  | 'UNAUTHORIZED'
  | 'ACCESS_DENIED'
  | 'NOT_FOUND'
  | 'REQUEST_PARAMETERS_FAILURE'
  | 'DEFAULT_4XX'
  | 'DEFAULT_5XX'
  | 'THIRD_AUTH_FAILURE'
  | 'THIRD_AUTH_IDENTITIES_FAILURE'
  | 'THIRD_AUTH_CONF_FAILURE'
  | 'OIDC_AUTH_TOKEN_VERIFY_FAIL'
  | 'OIDC_AUTH_GET_DISCOVERY_ERROR'
  | 'OIDC_AUTH_CODE_FLOW_FAIL'
  | 'JWT_AUTH_FAILURE'
  | 'ORCHESTRATION_PARAMETER_NOT_FOUND'
  | 'ORCHESTRATION_FAILURE'
  | ''

export interface CatalogueRow {
  readonly status: number
  readonly type: ResponseType
  readonly message: string
}

const row = (status: number, type: ResponseType, message: string): CatalogueRow => ({ status, type, message })

export const catalogue = {
  'APIG.0101': row(404, 'NOT_FOUND', 'The API does not exist or has not been published in the environment.'),
  'APIG.0101 method': row(404, 'NOT_FOUND', 'The API does not exist.'),
  'APIG.0103': row(500, 'DEFAULT_5XX', 'The backend does not exist.'),
  'APIG.0104': row(500, 'DEFAULT_5XX', 'The plug-ins do not exist.'),
  'APIG.0105': row(500, 'DEFAULT_5XX', 'The backend configurations do not exist.'),
  'APIG.0106': row(400, 'REQUEST_PARAMETERS_FAILURE', 'Orchestration error.'),
  'APIG.0106 not found': row(400, 'ORCHESTRATION_PARAMETER_NOT_FOUND', 'Orchestration error.'),
  'APIG.0106 unmatched': row(400, 'ORCHESTRATION_FAILURE', 'Orchestration error.'),
  'APIG.0108': row(404, 'DEFAULT_4XX', 'The server group ID does not exist.'),
  'APIG.0201': row(400, 'DEFAULT_4XX', 'API request error.'),
  'APIG.0201 408': row(408, 'DEFAULT_4XX', 'Request timeout.'),
  'APIG.0201 503': row(503, 'DEFAULT_5XX', 'Too many requests in flight.'),
  'APIG.0201 413': row(413, 'DEFAULT_4XX', 'Request entity too large.'),
  'APIG.0201 414': row(414, 'DEFAULT_4XX', 'Request URI too large.'),
  'APIG.0201 494': row(494, 'DEFAULT_4XX', 'Request headers too large.'),
  'APIG.0202': row(502, 'BACKEND_UNAVAILABLE', 'Backend unavailable'),
  'APIG.0202 open': row(503, 'DEFAULT_5XX', 'Backend unavailable: circuit breaker is open'),
  'APIG.0203': row(504, 'BACKEND_TIMEOUT', 'Backend timeout'),
  'APIG.0204': row(400, 'DEFAULT_4XX', 'SSL protocol is not supported'),
  'APIG.0205': row(400, 'DEFAULT_4XX', 'Verify client certificate failed'),
  'APIG.0301': row(401, 'AUTH_FAILURE', 'Incorrect IAM authentication information.'),
  'APIG.0301 missing': row(401, 'AUTH_HEADER_MISSING', 'Incorrect IAM authentication information.'),
  'APIG.0302': row(403, 'ACCESS_DENIED', 'The IAM user is not authorized to access the API.'),
  'APIG.0303': row(401, 'AUTH_FAILURE', 'Incorrect app authentication information.'),
  'APIG.0303 missing': row(401, 'AUTH_HEADER_MISSING', 'Incorrect app authentication information.'),
  'APIG.0304': row(403, 'UNAUTHORIZED', 'The app is not authorized to access the API.'),
  'APIG.0305': row(401, 'AUTHORIZER_FAILURE', 'Incorrect authentication information.'),
  'APIG.0305 identities': row(401, 'AUTHORIZER_IDENTITIES_FAILURE', 'Incorrect authentication information.'),
  'APIG.0305 configuration': row(
    500,
    'AUTHORIZER_CONF_FAILURE',
    'Incorrect authentication information: custom authorizer error',
  ),
  'APIG.0307': row(401, 'AUTH_FAILURE', 'The token must be updated.'),
  'APIG.0308': row(429, 'THROTTLED', 'The throttling threshold has been reached.'),
  'APIG.0312': row(401, 'THIRD_AUTH_FAILURE', 'Incorrect third-party authentication information,auth fail'),
  'APIG.0313': row(
    401,
    'THIRD_AUTH_IDENTITIES_FAILURE',
    'Incorrect third-party authentication information,identities error',
  ),
  'APIG.0314': row(403, 'THIRD_AUTH_FAILURE', 'Incorrect third-party authentication information,access deny'),
  'APIG.0316': row(401, 'OIDC_AUTH_TOKEN_VERIFY_FAIL', 'Incorrect OIDC authentication information'),
  'APIG.0316 discovery': row(
    500,
    'OIDC_AUTH_GET_DISCOVERY_ERROR',
    'Incorrect OIDC authentication information: discovery document not available',
  ),
  'APIG.0316 flow': row(
    500,
    'OIDC_AUTH_CODE_FLOW_FAIL',
    'Incorrect OIDC authentication information: authorization code flow failed',
  ),
  'APIG.0319': row(401, 'JWT_AUTH_FAILURE', 'Incorrect JWT authentication information'),
  'APIG.0401': row(403, 'ACCESS_DENIED', 'Unknown client IP address.'),
  'APIG.0402': row(403, 'ACCESS_DENIED', 'The IP address is not authorized to access the API.'),
  'APIG.0404': row(403, 'DEFAULT_4XX', 'Access to the backend IP address has been denied.'),
  'APIG.0405': row(403, 'ACCESS_DENIED', 'The app is not accessed from a trusted IP address.'),
  'APIG.0501': row(405, 'THROTTLED', 'The app quota has been used up.'),
  'APIG.0601': row(500, 'DEFAULT_5XX', 'Internal server error.'),
  'APIG.0602': row(400, 'DEFAULT_4XX', 'Bad request.'),
  'APIG.0605': row(500, 'DEFAULT_5XX', 'Domain name resolution failed.'),
  'APIG.0606': row(500, 'DEFAULT_5XX', 'Failed to load the API configurations.'),
  'APIG.0607': row(400, 'DEFAULT_4XX', 'The following protocol is supported'),
  'APIG.0608': row(500, 'DEFAULT_5XX', 'Failed to obtain the admin token.'),
  'APIG.0609': row(500, 'DEFAULT_5XX', 'The VPC backend does not exist.'),
  'APIG.0610': row(502, 'BACKEND_UNAVAILABLE', 'No backend available.'),
  'APIG.0611': row(500, 'DEFAULT_5XX', 'The backend port does not exist.'),
  'APIG.0612': row(500, 'DEFAULT_5XX', 'An API cannot call itself.'),
  'APIG.0613': row(503, 'DEFAULT_5XX', 'The IAM service is currently unavailable.'),
  'APIG.0615': row(500, 'THIRD_AUTH_CONF_FAILURE', 'Incorrect third-party authentication VPC information'),
  'APIG.0616': row(500, 'THIRD_AUTH_CONF_FAILURE', 'Incorrect third-party authentication request information'),
  'APIG.0617': row(500, 'THIRD_AUTH_CONF_FAILURE', 'Incorrect third-party authentication response information'),
  'APIG.0705': row(500, 'DEFAULT_5XX', 'Backend signature calculation failed.'),
  'APIG.0802': row(403, 'DEFAULT_4XX', 'The IAM user is forbidden in the currently selected region'),
  'APIG.1001': row(401, '', 'Refresh token is expired'),
  'APIG.1002': row(401, 'AUTH_FAILURE', 'Access token is expired'),
  'APIG.1003': row(401, '', 'App not match refresh token'),
  'APIG.1004': row(401, 'AUTH_FAILURE', 'App not exist'),
  'APIG.2102': row(400, '', 'PublicKey is null'),
  'APIG.2201': row(400, '', 'Appkey or SecretKey is invalid'),
  'APIG.2202': row(400, '', 'Refresh token is invalid'),
  'APIG.2203': row(400, 'AUTH_FAILURE', 'Access token is invalid'),
  'APIG.2204': row(400, '', 'ContentType invalid'),
  'APIG.2205': row(400, '', 'Auth parameter invalid'),
  'APIG.2206': row(400, '', 'Auth method invalid'),
  'APIG.2208': row(400, '', 'The length of through_data is out of range'),
  'APIG.2209': row(400, '', 'The value of grant_type is not in enum List'),
  'APIG.2210': row(400, '', 'Lack of grant_type'),
  'APIG.2211': row(400, '', 'Lack of client_id'),
  'APIG.2212': row(400, '', 'Lack of client_secret'),
  'APIG.2213': row(400, '', 'Lack of refresh_token'),
} as const satisfies Readonly<Record<string, CatalogueRow>>

export type RefusalName = keyof typeof catalogue

/** The code that the caller sees. */
export function codeOf(name: string): string {
  return name.slice(0, 'APIG.0000'.length)
}
