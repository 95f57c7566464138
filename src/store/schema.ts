/**
 * The tables, as TypeScript. One form for both engines: identifiers and JSON are `text`, moments are integers
 * (milliseconds since the epoch), truth is 0 or 1. Rows become domain values in the repositories and nowhere else.
 */

export interface Schema {
  iam_domains: DomainRow
  iam_users: UserRow
  iam_projects: ProjectRow
  iam_access_keys: AccessKeyRow
  iam_tokens: TokenRow
  instances: InstanceRow
  instance_tags: InstanceTagRow
  ingress_ports: IngressPortRow
  endpoint_permissions: EndpointPermissionRow
  endpoint_connections: EndpointConnectionRow
  extra_elbs: ExtraElbRow
  orders: OrderRow
  features: FeatureRow
  configs: ConfigRow
  environments: EnvironmentRow
  variables: VariableRow
  api_groups: ApiGroupRow
  gateway_responses: GatewayResponseRow
  url_domains: UrlDomainRow
  certificates: CertificateRow
  domain_certificates: DomainCertificateRow
  apis: ApiRow
  api_tags: ApiTagRow
  api_versions: ApiVersionRow
  publications: PublicationRow
  apps: AppRow
  app_codes: AppCodeRow
  app_authorizations: AppAuthorizationRow
  throttles: ThrottleRow
  throttle_specials: ThrottleSpecialRow
  throttle_bindings: ThrottleBindingRow
  acls: AclRow
  acl_bindings: AclBindingRow
  signs: SignRow
  sign_bindings: SignBindingRow
  app_acls: AppAclRow
  app_quotas: AppQuotaRow
  app_quota_bindings: AppQuotaBindingRow
  ai_api_keys: AiApiKeyRow
  vpc_channels: VpcChannelRow
  channel_groups: ChannelGroupRow
  channel_members: ChannelMemberRow
  authorizers: AuthorizerRow
  orchestrations: OrchestrationRow
  api_references: ApiReferenceRow
  plugins: PluginRow
  plugin_attachments: PluginAttachmentRow
  plugin_references: PluginReferenceRow
  draft_bindings: DraftBindingRow
  async_tasks: AsyncTaskRow
  statistics: StatisticsRow
  statistics_reports: StatisticsReportRow
  snapshot_revision: SnapshotRevisionRow
  snapshot_changes: SnapshotChangeRow
}

/** 0 or 1: SQLite has no boolean, and PostgreSQL's would need a second query code. */
export type Flag = 0 | 1

export interface DomainRow {
  id: string
  name: string
  created_at: number
}

export interface UserRow {
  id: string
  domain_id: string
  name: string
  password_hash: string
  role: 'full' | 'readonly'
  enabled: Flag
  created_at: number
}

export interface ProjectRow {
  id: string
  domain_id: string
  name: string
  created_at: number
}

export interface AccessKeyRow {
  access_key: string
  user_id: string
  secret_sealed: string
  /** Set for temporary keys only, together with `expires_at`. */
  security_token_hash: string | null
  expires_at: number | null
  created_at: number
}

export interface TokenRow {
  token_hash: string
  user_id: string
  project_id: string | null
  domain_id: string
  /** JSON array of method names. */
  methods: string
  issued_at: number
  expires_at: number
}

export interface InstanceRow {
  id: string
  project_id: string
  user_id: string
  name: string
  description: string
  spec_id: string
  charging_mode: number
  enterprise_project_id: string
  vpc_id: string
  subnet_id: string
  security_group_id: string
  /** JSON array of strings. */
  available_zone_ids: string
  maintain_begin: string
  maintain_end: string
  loadbalancer_provider: string
  vpcep_service_name: string
  /** Last part of the endpoint service name; survives a change of the middle part. */
  endpoint_service_uuid: string
  ipv6_enable: Flag
  eip_id: string
  /** Outbound bandwidth in Mbit/s, 0 when there is no public outbound access. */
  bandwidth_size: number
  bandwidth_charging_mode: string
  /** Inbound bandwidth in Mbit/s, 0 when there is no public inbound access. */
  ingress_bandwidth_size: number
  ingress_bandwidth_charging_mode: string
  created_at: number
  updated_at: number
  /** The job under way or the last one; its end decides the status that a reader sees, so no timer has to write it. */
  job_kind: 'create' | 'resize' | 'delete'
  job_started_at: number
  job_ends_at: number
  /** Edition after a resize job. */
  target_spec_id: string
  /** `<order>:<product>` of a prepaid instance, else empty. */
  cbc_metadata: string
  /** The order that the last resize job carries out, which locks the instance meanwhile; empty when there is none. */
  resize_order_id: string
}

export interface InstanceTagRow {
  instance_id: string
  key: string
  value: string
}

/** A port on which gateways listen beside those that they always have. */
export interface IngressPortRow {
  id: string
  instance_id: string
  protocol: 'HTTP' | 'HTTPS'
  port: number
  created_at: number
}

/** Who may connect to the endpoint service of an instance. */
export interface EndpointPermissionRow {
  id: string
  instance_id: string
  permission: string
  created_at: number
}

/** An endpoint that asks for, or has, a connection. No operation creates one: it comes from outside. */
export interface EndpointConnectionRow {
  id: string
  instance_id: string
  marker_id: number
  domain_id: string
  status: 'pendingAcceptance' | 'creating' | 'accepted' | 'rejected' | 'failed' | 'deleting'
  created_at: number
  updated_at: number
}

export interface ExtraElbRow {
  instance_id: string
  elb_id: string
  force_overwrite_enabled: Flag
  created_at: number
}

/** What was ordered. Records of the project: they stay when the instance goes. */
export interface OrderRow {
  id: string
  project_id: string
  user_id: string
  kind: 'prepaid-instance' | 'prepaid-resize' | 'postpaid-resize'
  /** The instance, which may be gone. */
  resource_id: string
  spec_id: string
  /** JSON object: product, period, renewal, as they were sent. */
  terms: string
  created_at: number
}

export interface FeatureRow {
  id: string
  instance_id: string
  name: string
  enable: Flag
  config: string
  updated_at: number
}

/** Quotas and switches. `scope_id` is an instance, or a project for what is counted per project. */
export interface ConfigRow {
  scope_id: string
  config_id: number
  config_name: string
  config_value: string
  remark: string
  config_time: number
}

/** The built-in environment has the same id in every instance: the key is the pair. */
export interface EnvironmentRow {
  instance_id: string
  id: string
  name: string
  remark: string
  created_at: number
}

export interface VariableRow {
  id: string
  instance_id: string
  group_id: string
  env_id: string
  name: string
  value: string
  created_at: number
}

export interface ApiGroupRow {
  id: string
  instance_id: string
  name: string
  remark: string
  version: string
  roma_app_id: string
  is_default: Flag
  sl_domain_access_enabled: Flag
  created_at: number
  updated_at: number
}

export interface GatewayResponseRow {
  id: string
  instance_id: string
  group_id: string
  name: string
  is_default: Flag
  /** JSON object, response type to its override; types that are not overridden are absent. */
  responses: string
  created_at: number
  updated_at: number
}

/** A domain name by which a group is called, on a pair of ports. */
export interface UrlDomainRow {
  id: string
  instance_id: string
  group_id: string
  /** As it was sent, case and trailing dot included. */
  name: string
  /** What a Host header is compared with: in lower case, without trailing dot. */
  host: string
  min_ssl_version: 'TLSv1.1' | 'TLSv1.2'
  is_http_redirect_to_https: Flag
  verified_client_certificate_enabled: Flag
  /** 80 or a custom port of the instance; −1: the domain is not reached by this protocol. */
  ingress_http_port: number
  /** 443 or a custom port of the instance; −1 as above. */
  ingress_https_port: number
  created_at: number
}

export interface CertificateRow {
  id: string
  project_id: string
  /** Null: every instance of the project may use it. */
  instance_id: string | null
  name: string
  /** PEM, the leaf first, each certificate issued by the one after it. */
  content: string
  /** PKCS #8 in PEM, sealed. */
  key_sealed: string
  /** PEM of what client certificates are verified with; empty when they are not. */
  trusted_root_ca: string
  algorithm_type: 'RSA' | 'ECC'
  /** Empty without a root CA. */
  root_ca_algorithm_type: '' | 'RSA' | 'ECC'
  common_name: string
  /** JSON array of DNS names. */
  san: string
  signature_algorithm: string
  not_before: number
  not_after: number
  /** JSON object: what else a reader is told of the leaf. */
  details: string
  /** The group of the domain that it was uploaded through, which it goes with; empty for one of the project's own. */
  uploaded_for: string
  created_at: number
  updated_at: number
}

/** Domains of one name in one instance have the same certificates, at most one of each algorithm type. */
export interface DomainCertificateRow {
  domain_id: string
  certificate_id: string
}

export interface ApiRow {
  id: string
  instance_id: string
  group_id: string
  name: string
  type: number
  req_protocol: string
  req_method: string
  req_uri: string
  /** `req_uri` with every placeholder reduced to `{}`: two paths that a caller cannot tell apart are equal here. */
  path_key: string
  match_mode: string
  auth_type: string
  backend_type: string
  /** Whether `api_tags` has any row of it. */
  is_tagged: Flag
  /** JSON: the definition as it is echoed (nested ids included), without what depends on other rows. */
  definition: string
  created_at: number
  updated_at: number
}

export interface ApiTagRow {
  api_id: string
  instance_id: string
  tag: string
}

export interface ApiVersionRow {
  id: string
  version_no: string
  instance_id: string
  api_id: string
  env_id: string
  remark: string
  published_at: number
  /** JSON: `ApiRow.definition` at the moment of publishing, environment variables unresolved. */
  definition: string
}

/** (API, environment) → the version that callers reach. */
export interface PublicationRow {
  publish_id: string
  instance_id: string
  group_id: string
  api_id: string
  env_id: string
  version_id: string
  published_at: number
  /**
   * JSON object, variable name to value: what the variables were when last seen. A variable that is deleted later
   * leaves the published API with its last value.
   */
  variables: string
}

export interface AppRow {
  id: string
  instance_id: string
  name: string
  remark: string
  app_key: string
  secret_sealed: string
  /** Account and project that the app is tied to; empty when it is tied to none. */
  related_domain_id: string
  related_project_id: string
  status: number
  created_at: number
  updated_at: number
}

export interface AppCodeRow {
  id: string
  instance_id: string
  app_id: string
  code_sealed: string
  /** Keyed digest of the code: uniqueness without the clear text. */
  code_fingerprint: string
  created_at: number
}

export interface AppAuthorizationRow {
  id: string
  instance_id: string
  app_id: string
  api_id: string
  env_id: string
  created_at: number
}

export interface ThrottleRow {
  id: string
  instance_id: string
  name: string
  remark: string
  /** 1: every API for itself; 2: shared by the bound APIs. */
  type: number
  time_interval: number
  time_unit: 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY'
  api_call_limits: number
  user_call_limits: number
  app_call_limits: number
  ip_call_limits: number
  enable_adaptive_control: string
  created_at: number
}

export interface ThrottleSpecialRow {
  id: string
  instance_id: string
  throttle_id: string
  object_type: 'APP' | 'USER'
  object_id: string
  call_limits: number
  created_at: number
}

export interface ThrottleBindingRow {
  id: string
  instance_id: string
  throttle_id: string
  publish_id: string
  api_id: string
  env_id: string
  created_at: number
}

export interface AclRow {
  id: string
  instance_id: string
  name: string
  acl_type: 'PERMIT' | 'DENY'
  entity_type: 'IP' | 'DOMAIN' | 'DOMAIN_ID'
  /** Comma-separated, as it was sent. */
  value: string
  created_at: number
  updated_at: number
}

export interface AclBindingRow {
  id: string
  instance_id: string
  acl_id: string
  entity_type: AclRow['entity_type']
  publish_id: string
  api_id: string
  env_id: string
  created_at: number
}

/** What the gateway signs its requests to backends with. */
export interface SignRow {
  id: string
  instance_id: string
  name: string
  sign_type: 'hmac' | 'basic' | 'public_key' | 'aes'
  /** Empty, but for `aes`. */
  sign_algorithm: '' | 'aes-128-cfb' | 'aes-256-cfb'
  /** Sealed as well: the key of `aes` is its secret. */
  key_sealed: string
  secret_sealed: string
  created_at: number
  updated_at: number
}

export interface SignBindingRow {
  id: string
  instance_id: string
  sign_id: string
  publish_id: string
  api_id: string
  env_id: string
  created_at: number
}

export interface AppAclRow {
  app_id: string
  acl_type: 'PERMIT' | 'DENY'
  /** JSON array of strings: addresses, ranges and networks in the order in which they were sent. */
  acl_values: string
}

export interface AppQuotaRow {
  id: string
  instance_id: string
  name: string
  remark: string
  call_limits: number
  time_unit: 'SECOND' | 'MINUTE' | 'HOUR' | 'DAY'
  time_interval: number
  /** `YYYY-MM-DD HH:MM:SS`, or empty: then the first call opens the first window. */
  reset_time: string
  created_at: number
}

/** An app has one quota at most. */
export interface AppQuotaBindingRow {
  app_id: string
  quota_id: string
  created_at: number
}

export interface AiApiKeyRow {
  id: string
  app_id: string
  /** Empty when it has none. */
  alias: string
  key_sealed: string
  /** Keyed digest of the key: uniqueness without the clear text. */
  key_fingerprint: string
  created_at: number
}

/** A set of addresses among which the gateway spreads calls. */
export interface VpcChannelRow {
  id: string
  instance_id: string
  name: string
  port: number
  /** 1 weighted round robin, 2 weighted least connections, 3 source hash, 4 URI hash. */
  balance_strategy: 1 | 2 | 3 | 4
  member_type: 'ip' | 'ecs'
  channel_type: 'builtin' | 'microservice' | 'reference'
  /** JSON object, null when the channel has none: see `ChannelMicroservice`. */
  microservice: string | null
  /** JSON object, null when the channel has none: see `ChannelHealthCheck`. */
  health_check: string | null
  created_at: number
}

export interface ChannelGroupRow {
  id: string
  channel_id: string
  /** Rank in the channel: groups are shown in the order in which they were given. */
  position: number
  name: string
  remark: string
  /** 0 to 100; null when none was given. */
  weight: number | null
  microservice_version: string
  /** 0 when members have their own. */
  microservice_port: number
  /** JSON array of `{label_name, label_value}`. */
  microservice_labels: string
  /** The channel whose members this group stands for; in channels of type `reference` only. */
  reference_channel_id: string | null
  created_at: number
  updated_at: number
}

export interface ChannelMemberRow {
  id: string
  channel_id: string
  group_id: string | null
  position: number
  host: string
  ecs_id: string
  ecs_name: string
  /** As it was given: 0 stands for the port of the group or, if that has none, of the channel. */
  port: number
  weight: number
  is_backup: Flag
  /** 1 enabled, 2 disabled. */
  status: 1 | 2
  /** 1: a registry told of it, and it goes when the registry says so. */
  is_found: Flag
  created_at: number
}

export interface AuthorizerRow extends AuthorizerCalls {
  id: string
  instance_id: string
  name: string
  type: 'FRONTEND' | 'BACKEND'
  authorizer_type: 'FUNC'
  authorizer_uri: string
  authorizer_version: string
  authorizer_alias_uri: string
  network_type: 'V1' | 'V2'
  /** JSON array of `{name, location, validation}`. */
  identities: string
  /** Seconds that an answer is kept; 0: not at all. */
  ttl: number
  user_data: string
  need_body: Flag
  created_at: number
}

/** How an authorizer's function is called. Files of OpenAPI say it; the operations of authorizers leave it as it is. */
export interface AuthorizerCalls {
  /** Milliseconds for one answer. */
  timeout: number
  /** Times that it is asked again when it gave no answer. */
  retry_attempts: number
  /** Whether callers pass when it gave no answer at all. */
  auth_downgrade_enabled: Flag
}

export interface OrchestrationRow {
  id: string
  instance_id: string
  name: string
  strategy: 'list' | 'hash' | 'range' | 'hash_range' | 'none_value' | 'default' | 'head_n' | 'tail_n'
  /** JSON object; null for a preprocessing rule that was given none. */
  mapped_param: string | null
  is_preprocessing: Flag
  /** JSON array, in order of priority. */
  map: string
  created_at: number
  updated_at: number
}

/** That an API uses something: its draft, when `publish_id` is null, else what callers reach. */
export interface ApiReferenceRow {
  api_id: string
  publish_id: string | null
  kind: 'channel' | 'authorizer' | 'orchestration'
  target_id: string
  created_at: number
}

export interface PluginRow {
  id: string
  instance_id: string
  name: string
  type:
    | 'cors'
    | 'set_resp_headers'
    | 'kafka_log'
    | 'breaker'
    | 'rate_limit'
    | 'third_auth'
    | 'proxy_cache'
    | 'proxy_mirror'
    | 'oidc_auth'
    | 'jwt_auth'
  scope: 'global'
  /** JSON text, byte for byte as it was sent. */
  content: string
  remark: string
  created_at: number
  updated_at: number
}

/** A plug-in at an API in an environment, whether the API is published there or not. */
export interface PluginAttachmentRow {
  id: string
  instance_id: string
  plugin_id: string
  plugin_type: PluginRow['type']
  api_id: string
  env_id: string
  created_at: number
}

/** Something that the content of a plug-in points at, and that has to stay as long as it does. */
export interface PluginReferenceRow {
  plugin_id: string
  kind: 'vpc_channel' | 'api'
  target_id: string
}

/** A policy that an import named for an API, to be bound when the API is published. */
export interface DraftBindingRow {
  api_id: string
  kind: 'throttle' | 'acl' | 'plugin'
  target_id: string
}

/** Work that is done after its reply. */
export interface AsyncTaskRow {
  id: string
  instance_id: string
  type: 'import_api' | 'export_api'
  status: 'waiting' | 'processing' | 'succeed' | 'failed'
  /** JSON object: what was asked for; empty once it is done. */
  request: string
  /** JSON text for the client, empty until the task has ended. */
  result: string
  created_at: number
  updated_at: number
}

/** One API in one minute. Latencies in milliseconds; sums and maxima over the minute's requests. */
export interface StatisticsRow {
  api_id: string
  /** Seconds since the epoch, start of the minute. */
  minute: number
  instance_id: string
  group_id: string
  requests: number
  requests_2xx: number
  requests_4xx: number
  requests_5xx: number
  latency_sum: number
  latency_max: number
  inner_sum: number
  inner_max: number
  backend_requests: number
  backend_sum: number
  backend_max: number
  bytes_in: number
  bytes_out: number
  /** From backends at public addresses, and to them. */
  public_bytes_in: number
  public_bytes_out: number
  updated_at: number
}

/** The last report of a gateway process whose counts are in the statistics. */
export interface StatisticsReportRow {
  sender: string
  number: number
  updated_at: number
}

export interface SnapshotRevisionRow {
  id: 1
  value: number
}

/** Which part of the snapshot a revision changed. */
export interface SnapshotChangeRow {
  revision: number
  part_key: string
}
