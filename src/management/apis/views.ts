/** What clients read of an API: its definition, and what its group and its publications add to it. */
import type { ApiDocument } from '../../contract/api-document.js'
import type {
  ApiGroupCommonInfo,
  ApiInfoPerPage,
  CreateApiV2Response,
  ListApiRuntimeDefinitionV2Response,
  ListApiVersionDetailV2Response,
} from '../../contract/generated/schemas.js'
import type { GroupOfApi } from '../../store/apis.js'
import type { PublicationInfo } from '../../store/publications.js'
import { groupDomainView } from '../domains/views.js'
import { readTime } from '../time.js'

/** `writtenTime` for the reply of a create or an update, `readTime` for reads. */
export type TimeFormat = (moment: number) => string

export interface ApiSurroundings {
  readonly group: GroupOfApi
  /** Newest first. */
  readonly publications: readonly PublicationInfo[]
  readonly subdomainSuffix: string
}

export interface VersionOfApi {
  readonly id: string
  readonly publishedAt: number
}

export function apiView(document: ApiDocument, surroundings: ApiSurroundings, time: TimeFormat): CreateApiV2Response {
  return {
    ...withTimes(document, time),
    ...around(document, surroundings, time),
    api_group_info: groupInfo(surroundings, time),
    roma_app_name: '',
    ld_api_id: '',
  }
}

export interface ListedMembers {
  readonly group: boolean
  readonly backend: boolean
}

/** `brief` is ignored next to an `include_…` value. */
export function listedMembers(returnDataMode = ''): ListedMembers {
  const modes = returnDataMode.split(',').map((mode) => mode.trim())
  const backend = modes.includes('include_group_backend')
  return { group: backend || modes.includes('include_group'), backend }
}

/** Lists never show parameters, and back ends only when asked. */
export function listedApiView(
  document: ApiDocument,
  surroundings: ApiSurroundings,
  members: ListedMembers,
): ApiInfoPerPage {
  const { status, arrange_necessary } = document
  // Spreading so many members costs ten times what assigning them does, and a page has five hundred APIs.
  const view: ApiInfoPerPage = Object.assign(
    attributes(document),
    { status, arrange_necessary, roma_app_name: '', ld_api_id: '' },
    timesOf(document, readTime),
    around(document, surroundings, readTime),
  )
  if (members.group) view.api_group_info = groupInfo(surroundings, readTime)
  if (members.backend) view.backend_api = withTimes(document, readTime).backend_api
  return view
}

/** @param surroundings with the one publication of the version's environment */
export function versionView(
  document: ApiDocument,
  { id, publishedAt }: VersionOfApi,
  surroundings: ApiSurroundings,
): ListApiVersionDetailV2Response {
  return {
    ...apiView(document, surroundings, readTime),
    publish_time: readTime(publishedAt),
    version_id: id,
    ...subDomains(surroundings),
  }
}

/** What callers see: the front end of what was published. */
export function runtimeView(document: ApiDocument, surroundings: ApiSurroundings): ListApiRuntimeDefinitionV2Response {
  const { run_env_id, run_env_name, publish_id, group_name, response_id } = around(document, surroundings, readTime)
  return {
    ...attributes(document),
    response_id,
    group_name,
    run_env_id,
    run_env_name,
    publish_id,
    ...subDomains(surroundings),
    req_params: document.req_params,
  }
}

function around(document: ApiDocument, { group, publications }: ApiSurroundings, time: TimeFormat) {
  const joined = (value: (publication: PublicationInfo) => string) => publications.map(value).join('|')
  return {
    response_id: document.response_id ?? group.defaultResponseId,
    group_name: group.name,
    group_version: group.version,
    run_env_id: joined(({ environmentId }) => environmentId),
    run_env_name: joined(({ environmentName }) => environmentName),
    publish_id: joined(({ publishId }) => publishId),
    publish_time: joined(({ publishedAt }) => time(publishedAt)),
  }
}

function subDomains({ group, subdomainSuffix }: ApiSurroundings) {
  const domain = `${group.id}.${subdomainSuffix}`
  return { sl_domain: domain, sl_domains: [domain] }
}

function groupInfo(surroundings: ApiSurroundings, time: TimeFormat): ApiGroupCommonInfo {
  const { group } = surroundings
  return {
    id: group.id,
    name: group.name,
    status: 1,
    sl_domain: subDomains(surroundings).sl_domain,
    register_time: time(group.createdAt),
    update_time: time(group.updatedAt),
    on_sell_status: 2,
    url_domains: group.domains.map(groupDomainView),
    sl_domain_access_enabled: group.subDomainEnabled,
  }
}

/**
 * The definition without back ends, parameters, and what only management needs. Member by member, for a page has five
 * hundred of them; what is undefined is not written.
 */
function attributes(document: ApiDocument) {
  return {
    id: document.id,
    group_id: document.group_id,
    name: document.name,
    type: document.type,
    version: document.version,
    req_protocol: document.req_protocol,
    req_method: document.req_method,
    req_uri: document.req_uri,
    match_mode: document.match_mode,
    auth_type: document.auth_type,
    auth_opt: document.auth_opt,
    authorizer_id: document.authorizer_id,
    cors: document.cors,
    trace_enabled: document.trace_enabled,
    sampling_strategy: document.sampling_strategy,
    sampling_param: document.sampling_param,
    backend_type: document.backend_type,
    remark: document.remark,
    body_remark: document.body_remark,
    result_normal_sample: document.result_normal_sample,
    result_failure_sample: document.result_failure_sample,
    tags: document.tags,
    tag: document.tag,
    response_id: document.response_id,
    roma_app_id: document.roma_app_id,
    domain_name: document.domain_name,
    content_type: document.content_type,
    is_send_fg_body_base64: document.is_send_fg_body_base64,
  }
}

interface Timed {
  readonly register_time?: string | undefined
  readonly update_time?: string | undefined
}

function timesOf({ register_time: registered = '', update_time: updated = '' }: Timed, time: TimeFormat) {
  return { register_time: time(Date.parse(registered)), update_time: time(Date.parse(updated)) }
}

function withTimes(document: ApiDocument, time: TimeFormat): ApiDocument {
  const { backend_api, func_info, mock_info } = document
  return {
    ...document,
    ...timesOf(document, time),
    ...(backend_api && { backend_api: { ...backend_api, ...timesOf(backend_api, time) } }),
    ...(func_info && { func_info: { ...func_info, ...timesOf(func_info, time) } }),
    ...(mock_info && { mock_info: { ...mock_info, ...timesOf(mock_info, time) } }),
  }
}
