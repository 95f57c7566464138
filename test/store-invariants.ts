/**
 * What must be true of a whole store, whoever wrote to it and in whatever order. Foreign keys and unique indexes hold by
 * themselves; these are the rules that no index can state.
 */
import { sql } from 'kysely'
import { referencesOf } from '../src/management/apis/references.js'
import { documentOf } from '../src/store/apis.js'
import type { Database, Store } from '../src/store/store.js'

/** Every rule that is broken, with the rows that break it; empty when the store is sound. */
export async function brokenInvariants(store: Store): Promise<string[]> {
  return store.read(async (db) => {
    const broken: string[] = []
    for (const [rule, offenders] of rules) {
      const { rows } = await sql.raw<Record<string, unknown>>(offenders).execute(db)
      if (rows.length > 0) broken.push(`${rule}: ${JSON.stringify(rows.slice(0, 5))}`)
    }
    if (store.engine === 'sqlite') {
      const { rows } = await sql`pragma foreign_key_check`.execute(db)
      if (rows.length > 0) broken.push(`a foreign key leads nowhere: ${JSON.stringify(rows.slice(0, 5))}`)
    }
    return [...broken, ...(await documentsThatDiffer(db)), ...(await referencesThatDiffer(db))]
  })
}

/** Two rows of one instance that are joined by an id must be of that instance both. */
const sameInstance = (table: string, column: string, target: string): [string, string] => [
  `${table}.${column} stays in its instance`,
  `select t.${column} from ${table} t join ${target} o on o.id = t.${column} where o.instance_id <> t.instance_id`,
]

/** Bindings repeat where their publication is. */
const boundWhereItSays = (table: string): [string, string] => [
  `${table} say where their publication is`,
  `select t.id from ${table} t join publications p on p.publish_id = t.publish_id
    where p.api_id <> t.api_id or p.env_id <> t.env_id or p.instance_id <> t.instance_id`,
]

/** Rule, and the query for what breaks it. */
const rules: readonly (readonly [string, string])[] = [
  [
    'a publication leads to a version of its own API and environment',
    `select p.publish_id from publications p join api_versions v on v.id = p.version_id
      where v.api_id <> p.api_id or v.env_id <> p.env_id or v.instance_id <> p.instance_id`,
  ],
  [
    'a publication is in the group of its API',
    `select p.publish_id from publications p join apis a on a.id = p.api_id
      where a.group_id <> p.group_id or a.instance_id <> p.instance_id`,
  ],
  [
    'an API that is offline has no versions left',
    `select v.api_id, v.env_id from api_versions v
      where not exists (select 1 from publications p where p.api_id = v.api_id and p.env_id = v.env_id)`,
  ],
  [
    'an API has at most ten versions in an environment',
    'select api_id, env_id from api_versions group by api_id, env_id having count(*) > 10',
  ],
  [
    'an API is marked as tagged when it has tags',
    `select a.id from apis a
      where a.is_tagged <> case when exists (select 1 from api_tags t where t.api_id = a.id) then 1 else 0 end`,
  ],
  [
    'a policy that an import named is there',
    `select d.api_id, d.kind, d.target_id from draft_bindings d where
      (d.kind = 'throttle' and not exists (select 1 from throttles t where t.id = d.target_id)) or
      (d.kind = 'acl' and not exists (select 1 from acls t where t.id = d.target_id)) or
      (d.kind = 'plugin' and not exists (select 1 from plugins t where t.id = d.target_id))`,
  ],
  [
    'a group has one default gateway response',
    `select g.id from api_groups g left join gateway_responses r on r.group_id = g.id and r.is_default = 1
      group by g.id having count(r.id) <> 1`,
  ],
  [
    'an instance has one default group and its environment RELEASE',
    `select i.id from instances i where i.job_kind <> 'delete' and (
      (select count(*) from api_groups g where g.instance_id = i.id and g.is_default = 1) <> 1 or
      (select count(*) from environments e where e.instance_id = i.id and e.name = 'RELEASE') <> 1)`,
  ],
  [
    'an app with a special limit exists',
    `select s.id from throttle_specials s left join apps a on a.id = s.object_id and a.instance_id = s.instance_id
      where s.object_type = 'APP' and a.id is null`,
  ],
  [
    'an app and its quota are in one instance',
    `select b.app_id from app_quota_bindings b join apps a on a.id = b.app_id join app_quotas q on q.id = b.quota_id
      where a.instance_id <> q.instance_id`,
  ],
  [
    'a domain has certificates of its project, and of its instance when they are of one',
    `select d.id, c.id as certificate from domain_certificates dc join url_domains d on d.id = dc.domain_id
      join instances i on i.id = d.instance_id join certificates c on c.id = dc.certificate_id
      where c.project_id <> i.project_id or (c.instance_id is not null and c.instance_id <> d.instance_id)`,
  ],
  [
    'a domain has one certificate of each kind at most',
    `select dc.domain_id from domain_certificates dc join certificates c on c.id = dc.certificate_id
      group by dc.domain_id, c.algorithm_type having count(*) > 1`,
  ],
  [
    'a domain listens on ports that are open',
    `select d.id from url_domains d where
      (d.ingress_http_port not in (80, -1) and not exists (select 1 from ingress_ports p
        where p.instance_id = d.instance_id and p.port = d.ingress_http_port and p.protocol = 'HTTP')) or
      (d.ingress_https_port not in (443, -1) and not exists (select 1 from ingress_ports p
        where p.instance_id = d.instance_id and p.port = d.ingress_https_port and p.protocol = 'HTTPS'))`,
  ],
  [
    'what a plug-in points at is there',
    `select r.plugin_id, r.target_id from plugin_references r where
      (r.kind = 'vpc_channel' and not exists (select 1 from vpc_channels c where c.id = r.target_id)) or
      (r.kind = 'api' and not exists (select 1 from apis a where a.id = r.target_id))`,
  ],
  [
    'what an API uses is there',
    `select r.api_id, r.kind, r.target_id from api_references r where
      (r.kind = 'channel' and not exists (select 1 from vpc_channels c where c.id = r.target_id)) or
      (r.kind = 'authorizer' and not exists (select 1 from authorizers c where c.id = r.target_id)) or
      (r.kind = 'orchestration' and not exists (select 1 from orchestrations c where c.id = r.target_id))`,
  ],
  [
    'a member is in a group of its own channel',
    `select m.id from channel_members m join channel_groups g on g.id = m.group_id where g.channel_id <> m.channel_id`,
  ],
  [
    'a channel stands for channels of its own instance',
    `select g.id from channel_groups g join vpc_channels c on c.id = g.channel_id
      join vpc_channels r on r.id = g.reference_channel_id where r.instance_id <> c.instance_id`,
  ],
  boundWhereItSays('throttle_bindings'),
  boundWhereItSays('acl_bindings'),
  boundWhereItSays('sign_bindings'),
  sameInstance('throttle_bindings', 'throttle_id', 'throttles'),
  sameInstance('acl_bindings', 'acl_id', 'acls'),
  sameInstance('sign_bindings', 'sign_id', 'signs'),
  sameInstance('throttle_specials', 'throttle_id', 'throttles'),
  sameInstance('apis', 'group_id', 'api_groups'),
  sameInstance('api_tags', 'api_id', 'apis'),
  sameInstance('api_versions', 'api_id', 'apis'),
  sameInstance('app_authorizations', 'api_id', 'apis'),
  sameInstance('app_authorizations', 'app_id', 'apps'),
  sameInstance('app_codes', 'app_id', 'apps'),
  sameInstance('plugin_attachments', 'plugin_id', 'plugins'),
  sameInstance('plugin_attachments', 'api_id', 'apis'),
  sameInstance('variables', 'group_id', 'api_groups'),
  sameInstance('gateway_responses', 'group_id', 'api_groups'),
  sameInstance('url_domains', 'group_id', 'api_groups'),
]

/** The columns and tags of an API repeat what its definition says. */
async function documentsThatDiffer(db: Database): Promise<string[]> {
  const tags = new Map<string, string[]>()
  for (const { api_id, tag } of await db.selectFrom('api_tags').select(['api_id', 'tag']).execute())
    tags.set(api_id, [...(tags.get(api_id) ?? []), tag])
  const rows = await db.selectFrom('apis').selectAll().execute()
  return rows.flatMap((row) => {
    const document = documentOf(row.definition)
    const said = [document.id, document.group_id, document.name, document.req_method, document.req_uri, document.tags]
    const kept = [row.id, row.group_id, row.name, row.req_method, row.req_uri, tags.get(row.id) ?? []]
    return JSON.stringify(said.map(sorted)) === JSON.stringify(kept.map(sorted))
      ? []
      : [`an API is not what its definition says: ${JSON.stringify({ said, kept })}`]
  })
}

/** What an API uses is kept beside its draft, and beside each version that callers reach. */
async function referencesThatDiffer(db: Database): Promise<string[]> {
  const kept = (await db.selectFrom('api_references').select(['api_id', 'publish_id', 'kind', 'target_id']).execute())
    .map((row) => `${row.publish_id ?? row.api_id} ${row.kind} ${row.target_id}`)
    .sort()
  const drafts = await db.selectFrom('apis').select(['id', 'definition']).execute()
  const published = await db
    .selectFrom('publications')
    .innerJoin('api_versions', 'api_versions.id', 'publications.version_id')
    .select(['publications.publish_id as id', 'api_versions.definition'])
    .execute()
  const used = [...drafts, ...published]
    .flatMap(({ id, definition }) =>
      referencesOf(documentOf(definition)).map((reference) => `${id} ${reference.kind} ${reference.id}`),
    )
    .sort()
  return JSON.stringify(kept) === JSON.stringify(used)
    ? []
    : [`references differ from definitions: ${JSON.stringify({ kept, used })}`]
}

const sorted = (value: unknown): unknown => (Array.isArray(value) ? [...(value as string[])].sort() : value)
