import { sql, type Kysely } from 'kysely'

/** What APIs are made of beside themselves: channels, authorizers, orchestration rules; and which API uses which. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table vpc_channels (id text primary key,
    instance_id text not null references instances (id) on delete cascade, name text not null, port integer not null,
    balance_strategy integer not null, member_type text not null, channel_type text not null, microservice text,
    health_check text, created_at bigint not null, unique (instance_id, name))`,
  `create index vpc_channels_newest on vpc_channels (instance_id, created_at desc, id)`,
  `create table channel_groups (id text primary key,
    channel_id text not null references vpc_channels (id) on delete cascade, position integer not null,
    name text not null, remark text not null, weight integer, microservice_version text not null,
    microservice_port integer not null, microservice_labels text not null,
    reference_channel_id text references vpc_channels (id), created_at bigint not null, updated_at bigint not null,
    unique (channel_id, name))`,
  `create index channel_groups_in_order on channel_groups (channel_id, position, id)`,
  `create index channel_groups_by_reference on channel_groups (reference_channel_id)`,
  `create table channel_members (id text primary key,
    channel_id text not null references vpc_channels (id) on delete cascade,
    group_id text references channel_groups (id) on delete cascade, position integer not null, host text not null,
    ecs_id text not null, ecs_name text not null, port integer not null, weight integer not null,
    is_backup integer not null, status integer not null, created_at bigint not null)`,
  `create index channel_members_in_order on channel_members (channel_id, position, id)`,
  `create index channel_members_by_group on channel_members (group_id)`,

  `create table authorizers (id text primary key, instance_id text not null references instances (id) on delete cascade,
    name text not null, type text not null, authorizer_type text not null, authorizer_uri text not null,
    authorizer_version text not null, authorizer_alias_uri text not null, network_type text not null,
    identities text not null, ttl integer not null, user_data text not null, need_body integer not null,
    created_at bigint not null, unique (instance_id, name))`,
  `create index authorizers_newest on authorizers (instance_id, created_at desc, id)`,

  `create table orchestrations (id text primary key,
    instance_id text not null references instances (id) on delete cascade, name text not null, strategy text not null,
    mapped_param text, is_preprocessing integer not null, map text not null, created_at bigint not null,
    updated_at bigint not null, unique (instance_id, name))`,
  `create index orchestrations_newest on orchestrations (instance_id, created_at desc, id)`,

  // Without a publication it is the draft that refers. A published version keeps what it refers to from being deleted.
  `create table api_references (api_id text not null references apis (id) on delete cascade,
    publish_id text references publications (publish_id) on delete cascade, kind text not null,
    target_id text not null, created_at bigint not null)`,
  `create unique index api_references_once on api_references (api_id, kind, target_id, coalesce(publish_id, ''))`,
  `create index api_references_by_target on api_references (kind, target_id, api_id, created_at)`,
  `create index api_references_by_publication on api_references (publish_id)`,
]
