import type { CreateApiV2Response } from './generated/schemas.js'

/** What an API's replies take from other rows: its group, the group's default response, its publications. */
type KeptElsewhere =
  | 'group_name'
  | 'group_version'
  | 'api_group_info'
  | 'run_env_id'
  | 'run_env_name'
  | 'publish_id'
  | 'publish_time'
  | 'roma_app_name'
  | 'ld_api_id'

type Filled<T, K extends keyof T> = { readonly [Key in K]-?: NonNullable<T[Key]> }

/**
 * An API's definition as it is stored and echoed: everything the client sent, the documented defaults, and the ids of
 * the nested objects. Times are RFC 3339 with milliseconds. `response_id` is present only when the client sent one.
 */
export type ApiDocument = Readonly<Omit<CreateApiV2Response, KeptElsewhere>> &
  Filled<
    CreateApiV2Response,
    | 'match_mode'
    | 'auth_opt'
    | 'cors'
    | 'req_params'
    | 'backend_params'
    | 'policy_https'
    | 'policy_functions'
    | 'policy_mocks'
    | 'tags'
  >
