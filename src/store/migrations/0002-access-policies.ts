import { sql, type Kysely } from 'kysely'

/** Who may call, how often, and how the gateway signs to backends: access control, quotas of apps, keys. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  // What policies could be bound to, newest first.
  `create index publications_newest on publications (instance_id, published_at desc, publish_id, api_id, env_id)`,

  `create table acls (id text primary key, instance_id text not null references instances (id) on delete cascade,
    name text not null, acl_type text not null, entity_type text not null, value text not null,
    created_at bigint not null, updated_at bigint not null, unique (instance_id, name), unique (id, entity_type))`,
  `create index acls_newest on acls (instance_id, created_at desc, id)`,
  // Bindings repeat the kind of their policy, so that an index can allow one of each kind.
  `create table acl_bindings (id text primary key,
    instance_id text not null references instances (id) on delete cascade, acl_id text not null,
    entity_type text not null, publish_id text not null references publications (publish_id) on delete cascade,
    api_id text not null, env_id text not null, created_at bigint not null, unique (publish_id, entity_type),
    foreign key (acl_id, entity_type) references acls (id, entity_type))`,
  `create index acl_bindings_by_acl on acl_bindings (acl_id, created_at desc, id)`,
  `create index acl_bindings_by_api on acl_bindings (api_id, created_at desc, id)`,

  `create table signs (id text primary key, instance_id text not null references instances (id) on delete cascade,
    name text not null, sign_type text not null, sign_algorithm text not null, key_sealed text not null,
    secret_sealed text not null, created_at bigint not null, updated_at bigint not null, unique (instance_id, name))`,
  `create index signs_newest on signs (instance_id, created_at desc, id)`,
  `create table sign_bindings (id text primary key,
    instance_id text not null references instances (id) on delete cascade,
    sign_id text not null references signs (id) on delete cascade,
    publish_id text not null unique references publications (publish_id) on delete cascade, api_id text not null,
    env_id text not null, created_at bigint not null)`,
  `create index sign_bindings_by_sign on sign_bindings (sign_id, created_at desc, id)`,
  `create index sign_bindings_by_api on sign_bindings (api_id, created_at desc, id)`,

  `create table app_acls (app_id text primary key references apps (id) on delete cascade, acl_type text not null,
    acl_values text not null)`,

  `create table app_quotas (id text primary key, instance_id text not null references instances (id) on delete cascade,
    name text not null, remark text not null, call_limits bigint not null, time_unit text not null,
    time_interval bigint not null, reset_time text not null, created_at bigint not null, unique (instance_id, name))`,
  `create index app_quotas_newest on app_quotas (instance_id, created_at desc, id)`,
  `create table app_quota_bindings (app_id text primary key references apps (id) on delete cascade,
    quota_id text not null references app_quotas (id) on delete cascade, created_at bigint not null)`,
  `create index app_quota_bindings_by_quota on app_quota_bindings (quota_id, created_at desc, app_id)`,

  `create table ai_api_keys (id text primary key, app_id text not null references apps (id) on delete cascade,
    alias text not null, key_sealed text not null, key_fingerprint text not null, created_at bigint not null,
    unique (app_id, key_fingerprint))`,
  `create unique index ai_api_keys_by_alias on ai_api_keys (app_id, alias) where alias <> ''`,
]
