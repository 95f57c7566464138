import { randomUUID } from 'node:crypto'
import { sql, type Kysely } from 'kysely'

/** How an instance is reached, what was ordered for it, and what its tags and its traffic are asked for. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)

  // Instances have one entry from the start (conventions.md §6): those that are there already get it now.
  const { rows } = await sql<{ id: string; domain_id: string; created_at: number }>`
    select instances.id, iam_projects.domain_id, instances.created_at from instances
    join iam_projects on iam_projects.id = instances.project_id where instances.job_kind <> 'delete'`.execute(db)
  for (const { id, domain_id, created_at } of rows)
    await sql`insert into endpoint_permissions (id, instance_id, permission, created_at)
      values (${randomUUID()}, ${id}, ${`iam:domain::${domain_id}`}, ${created_at})`.execute(db)
}

const statements = [
  // Where the gateway listens is a setting; an address that was written down would outlive a change of it.
  `alter table instances drop column eip_address`,
  `alter table instances drop column nat_eip_address`,
  `alter table instances drop column ingress_public_address`,
  `alter table instances add column cbc_metadata text not null default ''`,
  `alter table instances add column resize_order_id text not null default ''`,

  `create table ingress_ports (id text primary key,
    instance_id text not null references instances (id) on delete cascade, protocol text not null,
    port integer not null, created_at bigint not null, unique (instance_id, port))`,
  `create index ingress_ports_newest on ingress_ports (instance_id, created_at desc, id)`,
  `create table endpoint_permissions (id text primary key,
    instance_id text not null references instances (id) on delete cascade, permission text not null,
    created_at bigint not null, unique (instance_id, permission))`,
  `create index endpoint_permissions_newest on endpoint_permissions (instance_id, created_at desc, id)`,
  `create table endpoint_connections (id text primary key,
    instance_id text not null references instances (id) on delete cascade, marker_id integer not null,
    domain_id text not null, status text not null, created_at bigint not null, updated_at bigint not null)`,
  `create index endpoint_connections_newest on endpoint_connections (instance_id, created_at desc, id)`,
  `create table extra_elbs (instance_id text not null references instances (id) on delete cascade,
    elb_id text not null, force_overwrite_enabled integer not null, created_at bigint not null,
    primary key (instance_id, elb_id))`,

  `create table orders (id text primary key, project_id text not null references iam_projects (id),
    user_id text not null, kind text not null, resource_id text not null, spec_id text not null, terms text not null,
    created_at bigint not null)`,
  `create index orders_newest on orders (project_id, created_at desc, id)`,

  `create index instance_tags_by_key on instance_tags (key, value)`,
  `drop index statistics_by_instance`,
  `create index statistics_by_instance on statistics (instance_id, minute)`,
]
