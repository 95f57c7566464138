import { sql, type Kysely } from 'kysely'

/** Domain names of groups, certificates of projects, and which certificates a domain has. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

// A name may be bound several times in an instance when the ports differ; -1 is no port, and no two of it clash.
const statements = [
  `create table url_domains (id text primary key,
    instance_id text not null references instances (id) on delete cascade,
    group_id text not null references api_groups (id) on delete cascade, name text not null, host text not null,
    min_ssl_version text not null, is_http_redirect_to_https integer not null,
    verified_client_certificate_enabled integer not null, ingress_http_port integer not null,
    ingress_https_port integer not null, created_at bigint not null)`,
  `create index url_domains_by_group on url_domains (group_id, created_at, id)`,
  // The unique indexes below are of no use for a list: they leave out domains without the port.
  `create index url_domains_newest on url_domains (instance_id, created_at desc, id)`,
  `create index url_domains_by_host on url_domains (host, instance_id)`,
  `create unique index url_domains_by_http_port on url_domains (instance_id, ingress_http_port, host)
    where ingress_http_port <> -1`,
  `create unique index url_domains_by_https_port on url_domains (instance_id, ingress_https_port, host)
    where ingress_https_port <> -1`,

  `create table certificates (id text primary key, project_id text not null references iam_projects (id),
    instance_id text references instances (id) on delete cascade, name text not null, content text not null,
    key_sealed text not null, trusted_root_ca text not null, algorithm_type text not null,
    root_ca_algorithm_type text not null, common_name text not null, san text not null,
    signature_algorithm text not null, not_before bigint not null, not_after bigint not null, details text not null,
    uploaded_for text not null, created_at bigint not null, updated_at bigint not null, unique (project_id, name))`,
  `create index certificates_newest on certificates (project_id, created_at desc, id)`,
  `create index certificates_by_instance on certificates (instance_id)`,
  `create index certificates_by_origin on certificates (uploaded_for)`,
  `create table domain_certificates (domain_id text not null references url_domains (id) on delete cascade,
    certificate_id text not null references certificates (id), primary key (domain_id, certificate_id))`,
  `create index domain_certificates_by_certificate on domain_certificates (certificate_id)`,
]
