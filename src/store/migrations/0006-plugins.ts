import { sql, type Kysely } from 'kysely'

/** Plug-ins with what they are attached to and refer to; what imports leave to be bound; tasks after their reply. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

// Attachments hang on API and environment, not on a publication: they outlive going offline. They repeat the type of
// their plug-in, so that an index can allow one of each type.
const statements = [
  `create table plugins (id text primary key, instance_id text not null references instances (id) on delete cascade,
    name text not null, type text not null, scope text not null, content text not null, remark text not null,
    created_at bigint not null, updated_at bigint not null, unique (instance_id, name), unique (id, type))`,
  `create index plugins_newest on plugins (instance_id, created_at desc, id)`,
  `create table plugin_attachments (id text primary key,
    instance_id text not null references instances (id) on delete cascade, plugin_id text not null,
    plugin_type text not null, api_id text not null references apis (id) on delete cascade, env_id text not null,
    created_at bigint not null, unique (api_id, env_id, plugin_type),
    foreign key (plugin_id, plugin_type) references plugins (id, type),
    foreign key (instance_id, env_id) references environments (instance_id, id) on delete cascade)`,
  `create index plugin_attachments_by_plugin on plugin_attachments (plugin_id, created_at desc, id)`,
  `create index plugin_attachments_by_api on plugin_attachments (api_id, created_at desc, id)`,
  `create index plugin_attachments_by_environment on plugin_attachments (instance_id, env_id)`,

  `create table plugin_references (plugin_id text not null references plugins (id) on delete cascade,
    kind text not null, target_id text not null, primary key (plugin_id, kind, target_id))`,
  `create index plugin_references_by_target on plugin_references (kind, target_id)`,

  `create table draft_bindings (api_id text not null references apis (id) on delete cascade, kind text not null,
    target_id text not null, primary key (api_id, kind, target_id))`,
  `create index draft_bindings_by_target on draft_bindings (kind, target_id)`,

  `create table async_tasks (id text primary key,
    instance_id text not null references instances (id) on delete cascade, type text not null, status text not null,
    request text not null, result text not null, created_at bigint not null, updated_at bigint not null)`,
  `create index async_tasks_by_status on async_tasks (status, created_at)`,
  `create index async_tasks_by_instance on async_tasks (instance_id)`,
]
