import type { ReplyBody } from '../../contract/operation.js'
import type { UrlDomain } from '../../store/domains.js'
import type { ApiGroupRow } from '../../store/schema.js'
import { groupDomainView } from '../domains/views.js'
import type { ManagementSettings } from '../operation.js'
import { readTime, writtenTime } from '../time.js'

type ApiGroup = ReplyBody<'showDetailsOfApiGroupV2'>
type Suffix = Pick<ManagementSettings, 'subdomainSuffix'>

type Domains = readonly UrlDomain[]

export const createdGroup = (row: ApiGroupRow, settings: Suffix): ApiGroup =>
  groupView(row, settings, [], writtenTime(row.created_at), writtenTime(row.updated_at))

export const updatedGroup = (row: ApiGroupRow, settings: Suffix, domains: Domains): ApiGroup =>
  groupView(row, settings, domains, readTime(row.created_at), writtenTime(row.updated_at))

export const readGroup = (row: ApiGroupRow, settings: Suffix, domains: Domains): ApiGroup =>
  groupView(row, settings, domains, readTime(row.created_at), readTime(row.updated_at))

function groupView(
  row: ApiGroupRow,
  settings: Suffix,
  domains: Domains,
  registerTime: string,
  updateTime: string,
): ApiGroup {
  const domain = subDomain(row.id, settings)
  return {
    id: row.id,
    name: row.name,
    status: 1,
    sl_domain: domain,
    sl_domains: [domain],
    register_time: registerTime,
    update_time: updateTime,
    on_sell_status: 2,
    url_domains: domains.map(groupDomainView),
    sl_domain_access_enabled: row.sl_domain_access_enabled === 1,
    remark: row.remark,
    is_default: row.is_default === 1 ? 1 : 2,
    version: row.version,
    ...(row.roma_app_id === '' ? {} : { roma_app_id: row.roma_app_id }),
  }
}

/** The name by which a group can be called before it has a domain of its own. */
const subDomain = (groupId: string, { subdomainSuffix }: Suffix): string => `${groupId}.${subdomainSuffix}`
