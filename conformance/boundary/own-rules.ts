/**
 * Rules of single resources beyond the shape of their requests: where the documents of `docs/reference/` say more than
 * the contract, and what they say. The first that fits decides.
 */
import type { Case } from './cases.js'

/** The verdict that a rule of the resource demands; undefined where only the contract speaks. */
export function ownRule(one: Case): string | undefined {
  for (const [operation, place, when, verdict] of rules)
    if (operation.test(one.operation.id) && place.test(one.at) && when(one))
      return verdict === ACCEPTED ? String(one.operation.success) : verdict.replace('*', nameIn(verdict, one.field))
  return undefined
}

/** Instance operations name a field in camel case, but for the one that the examples do not (errors.md §3). */
const nameIn = (verdict: string, field: string): string =>
  verdict.includes('APIC') && field !== 'eip_id'
    ? field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    : field

type Rule = readonly [operation: RegExp, place: RegExp, when: (one: Case) => boolean, verdict: string]

const ACCEPTED = ''

const always = () => true
const refused = ({ violation }: Case) => violation !== 'none'
const unknown = ({ violation }: Case) => violation === 'unknown'
const missing = ({ violation }: Case) => violation === 'missing'
const wrong = ({ violation }: Case) => violation === 'value'
/** Left out where the contract would allow it. */
const left = ({ violation, what }: Case) => violation === 'none' && (what === 'absent' || what === 'null')
const is =
  (...values: readonly unknown[]) =>
  ({ violation, value }: Case) =>
    violation === 'none' && values.includes(value)
/** In order by itself, but none of the values that the rest of the request fits to. */
const other =
  (...values: readonly unknown[]) =>
  (one: Case) =>
    one.violation === 'none' && !left(one) && !values.includes(one.value)
const either =
  (...conditions: readonly ((one: Case) => boolean)[]) =>
  (one: Case) =>
    conditions.some((condition) => condition(one))

const LARGEST = 2 ** 31 - 1
const SMALLEST = -(2 ** 31)

const rules: readonly Rule[] = [
  // errors.md §3: the flag of the sub-domain, the name of a domain, the file of an import, an environment to export.
  [/^updateSlDomainSettingV2$/, /^sl_domain_access_enabled$/, refused, '400 APIG.2011 *'],
  [/^associateDomainV2$/, /^url_domain$/, wrong, '400 APIG.2024'],
  [/^importApiDefinitions/, /^file_name$/, missing, '400 APIG.3609'],
  [/^exportApiDefinitions/, /^env_id$/, left, '400 APIG.2001 *'],
  // errors.md §4, where it depends on more than the name.
  [/Certificate/, /^certificate_id$/, (one) => unknown(one) && 'domain_id' in one.request.path, '404 APIG.3025'],
  [/SpecialThrottling/, /^strategy_id$/, unknown, '404 APIG.3013'],
  [/^createSpecialThrottling/, /^object_id$/, unknown, '404 APIG.3004'],
  [/Domains/, /^domains\[\]\.instance_ids\[\]$/, unknown, '404 APIG.3030'],

  // lifecycle.md §1.2: windows of four hours, bandwidths, tags with a key. §1.4: editions. §1.5: public access.
  [/Instance|Order/, /maintain_end$/, other(), '400 APIC.7211 maintainBegin'],
  [/Instance|Order/, /(^|\.)(ingress_)?bandwidth_size$/, is(SMALLEST, LARGEST), '400 APIC.7211 *'],
  [/^(add|update)\w+EipV2$/, /^bandwidth_size$/, either(left, is(SMALLEST, LARGEST)), '400 APIC.7211 *'],
  [/Instance|Order/, /(^|\.)tags\[\]\.key$/, left, '400 APIC.7211 *'],
  [/^createOrder$/, /^instance_info$/, left, '400 APIC.7211 *'],
  [/^createPrepayResize$/, /^resize_info$/, left, '400 APIC.7211 *'],
  [
    /^createPrepayResize$/,
    /^instance_id$/,
    (one) => one.place === 'body' && (unknown(one) || other()(one)),
    '400 APIC.7211 *',
  ],
  [/Resize/, /spec_id$/, left, '400 APIC.7211 *'],
  [/Resize/, /spec_id$/, unknown, '404 APIC.7301'],
  [/^listMetricData$/, /^to$/, is('1700000000000'), '400 APIG.2012 *'],
  [/^createFeatureV2$/, /^name$/, other('ratelimit'), '400 APIG.2000'],
  [/^addEipV2$/, /^eip_id$/, left, '400 APIC.7211 *'],

  // lifecycle.md §3.1: ports that are open. §3.3: certificates, domains in both directions; clients.md §4: gaps.
  [/^updateDomainV2$/, /^ingress_https?_port$/, is(1024, 49_151), '400 APIG.2049'],
  [/^updateDomainV2$/, /^verified_client_certificate_enabled$/, is(true), '400 APIG.2000'],
  [/Certificate/, /^(cert_content|private_key)$/, is('abcd'), '400 APIG.2106'],
  [/Certificate/, /^trusted_root_ca$/, is('abcd'), '400 APIG.2104'],
  [/^(create|update)Certificate/, /^algorithm_type$/, is('RSA', 'SM2'), '409 APIG.3709'],
  // What is kept for all instances does not ask for one.
  [/^updateCertificateV2$/, /^instance_id$/, unknown, ACCEPTED],
  [/Certs/, /^certificate_ids$/, missing, '400 APIG.2012 *'],
  [/Domains/, /^domains\[\]\.domain$/, missing, '400 APIG.2001 domains'],
  [/Domains/, /^domains\[\]\.domain$/, other('free.example.com', 'known.example.com'), '400 APIG.2000'],

  // lifecycle.md §5.1, data-plane/backends.md §1, §2, §7: what parts of a definition ask of each other.
  [/^(create|update)ApiV2$/, /^backend_type$/, is('GRPC'), '400 APIG.2011 req_protocol'],
  [/^(create|update)ApiV2$/, /^is_send_fg_body_base64$/, is(false), '400 APIG.2011 *'],
  [/^(create|update)ApiV2$/, /^backend_api$/, left, '400 APIG.2001 *'],
  [/^(create|update)ApiV2$/, /^req_params\[\]\.location$/, is('PATH'), '400 APIG.2026'],
  [/^(create|update)ApiV2$/, /^(policy_https\[\]\.)?backend_params\[\]\.location$/, is('PATH'), '400 APIG.2027'],
  [/^(create|update)ApiV2$/, /backend_params\[\]\.origin$/, is('REQUEST'), '400 APIG.2028'],
  [/^(create|update)ApiV2$/, /backend_params\[\]\.origin$/, is('SYSTEM'), '400 APIG.2011 value'],
  // A constant can be the empty text.
  [/^(create|update)ApiV2$/, /backend_params\[\]\.value$/, (one) => one.what === 'empty', ACCEPTED],
  [/^(create|update)ApiV2$/, /^(backend_api|policy_https\[\])\.req_protocol$/, is('GRPC', 'GRPCS'), '400 APIG.2011 *'],
  [/^(create|update)ApiV2$/, /func\w+(\[\])?\.req_protocol$/, is('GRPCS'), '400 APIG.2011 *'],
  [/^(create|update)ApiV2$/, /\.vpc_channel_status$/, is(3), '400 APIG.2011 *'],
  // A frontend authorizer is none of the back end.
  [/^(create|update)ApiV2$/, /\.authorizer_id$/, (one) => one.what === 'known', '400 APIG.2011 *'],
  [/^(create|update)ApiV2$/, /\.enable_client_ssl$/, is(true), '400 APIG.3717'],
  // quotas.md §4: up to 600 000 ms by feature, which is off.
  [/^(create|update)ApiV2$/, /\.timeout$/, is(600_000), '400 APIG.2011 *'],
  [/^importMicroservice$/, /^backend_timeout$/, is(600_000), '400 APIG.2011 timeout'],
  // errors.md §3: 2024 for an impossible host; a host has no more than 253 characters.
  [
    /^(create|update)ApiV2$/,
    /^backend_api\.url_domain$/,
    (one) => one.what === 'longest' || one.what === 'strange',
    '400 APIG.2024',
  ],
  // What the kind of the target leaves unused is not looked up.
  [/^(create|update)ApiV2$/, /^policy_https\[\]\.url_domain$/, (one) => one.what === 'strange', ACCEPTED],
  [/^(create|update)ApiV2$/, /^backend_api\.vpc_channel_info\./, unknown, ACCEPTED],
  [
    /^(create|update)ApiV2$/,
    /\.member_group_url_infos\[\]\.(req_uri|member_group_id)$/,
    (one) => one.what === 'strange' || unknown(one),
    ACCEPTED,
  ],
  [/^(create|update)ApiV2$/, /orchestrations\[\]$/, other(), '404 APIG.3095'],
  [/^checkApisV2$/, /^(req_uri|api_id)$/, either(unknown, (one) => one.what === 'strange'), ACCEPTED],
  [/^debugApiV2$/, /^domain$/, other(), '400 APIG.2011 *'],
  // errors.md §7: what a debugged call cannot carry.
  [/^debugApiV2$/, /^(header|query)\./, wrong, '400 APIG.2030'],
  // §5.2: the group counts where no APIs are named.
  [/^batchPublishOrOfflineApiV2$/, /^group_id$/, unknown, ACCEPTED],
  [/^batchPublishOrOfflineApiV2$/, /^apis/, unknown, ACCEPTED],
  [/^listApiRuntimeDefinitionV2$/, /^env_id$/, (one) => one.value !== '' && one.what === 'of nobody', '404 APIG.3015'],

  // lifecycle.md §6: the API whose apps are listed is looked up; addresses are read strictly; times have one form.
  [/^listAppsBindedToApiV2$/, /^api_id$/, (one) => one.what === 'of nobody', '404 APIG.3002'],
  [/^updateAppAcl$/, /^app_acl_values\[\]$/, is('abcd'), '400 APIG.2011 *'],

  // lifecycle.md §7.1: limits inside each other. §7.2, §7.3: kinds never change, keys have the form of their kind.
  [/RequestThrottlingPolicy/, /^(app|user|ip)_call_limits$/, is(LARGEST), '400 APIG.2003 *'],
  [/SpecialThrottling/, /^call_limits$/, is(LARGEST), '400 APIG.2003 *'],
  [/^updateAclStrategyV2$/, /^entity_type$/, is('DOMAIN', 'DOMAIN_ID'), '400 APIG.2011 *'],
  [/^updateSignatureKeyV2$/, /^sign_type$/, is('basic', 'public_key'), '400 APIG.2011 *'],
  [/^createSignatureKeyV2$/, /^sign_type$/, is('public_key'), '412 APIG.3548'],
  [/SignatureKey/, /^sign_algorithm$/, is('aes-128-cfb', 'aes-256-cfb'), '400 APIG.2011 *'],
  [/SignatureKey/, /^sign_(key|secret)$/, is('abcd'), '400 APIG.2011 *'],
  // §7.4: contents are those of their type, which never changes; what is not attached may be detached.
  [/^createPlugin$/, /^plugin_type$/, other('set_resp_headers'), '400 APIG.2011 plugin_content'],
  [/^updatePlugin$/, /^plugin_type$/, other('set_resp_headers'), '400 APIG.2011 *'],
  [/Plugin$/, /^plugin_scope$/, is('app'), '400 APIG.2011 *'],
  [/Plugin$/, /^plugin_content$/, other(), '400 APIG.2011 *'],
  [/^detach/, /^(api|plugin)_ids\[\]$/, unknown, ACCEPTED],
  // §7.5: the map is that of its strategy; the mapped parameter never changes.
  [/Orchestration$/, /^orchestration_strategy$/, is('hash'), '400 APIG.2011 orchestration_map'],
  [/^createOrchestration$/, /^orchestration_mapped_param$/, left, '400 APIG.2001 *'],
  [/Orchestration$/, /^orchestration_map$/, left, '400 APIG.2001 *'],
  [/Orchestration$/, /^orchestration_map\[\]\.(map_param_list|mapped_param_value)$/, left, '400 APIG.2001 *'],
  [/^updateOrchestration$/, /^orchestration_mapped_param\./, other('tag', 'string', 'header'), '412 APIG.3713'],

  // lifecycle.md §8 and §9: headers are pairs; the kind of an authorizer never changes.
  [/GatewayResponse/, /headers\[\]\.(key|value)$/, left, '400 APIG.2001 *'],
  [/^updateCustomAuthorizerV2$/, /^type$/, is('BACKEND'), '400 APIG.2011 *'],

  // lifecycle.md §10: members have an address and a group of the channel; a check ends before the next begins.
  [/./, /members\[\]\.host$/, left, '400 APIG.2001 *'],
  [/./, /members\[\]\.host$/, (one) => one.violation === 'none' && one.what === 'longest', '400 APIG.2011 *'],
  [
    /^(create|update)VpcChannel|^(adding|update)BackendInstances/,
    /^(members\[\]\.)?member_group_name$/,
    other('known_group', 'free_group'),
    '400 APIG.2011 *',
  ],
  [/VpcChannel|MemberGroup/, /reference_vpc_channel_id$/, either(unknown, other('')), '400 APIG.2011 *'],
  [/VpcChannel|HealthCheck/, /time_interval$/, is(1), '400 APIG.2011 timeout'],
  [/VpcChannel|HealthCheck/, /timeout$/, is(30), '400 APIG.2011 timeout'],
  [/^createVpcChannelV2$/, /^(type|vpc_channel_type)$/, is(3, 'microservice'), '400 APIG.2001 microservice_info'],
  [/^updateVpcChannelV2$/, /^(type|vpc_channel_type)$/, is(3, 'microservice', 'reference'), '400 APIG.2011 *'],
  [
    /^(createMemberGroup|updateBackendInstancesV2|addingBackendInstancesV2)$/,
    /^member(s|_groups)$/,
    left,
    '400 APIG.2001 *',
  ],
  [/^batch(En|Dis)ableMembers$/, /^member_ids$/, left, '400 APIG.2001 *'],
  // A self-hosted server keeps no list of cloud servers, engines and clusters: their ids are taken as they are.
  [/./, /(ecs|engine|service|cluster)_id$/, unknown, ACCEPTED],
  [/^importMicroservice$/, /^group_info\.app_id$/, unknown, ACCEPTED],

  // lifecycle.md §11: texts of a form; tasks look things up when they run.
  [/^importApiDefinitions/, /^(is_create_group|simple_mode|mock_mode)$/, is('true'), ACCEPTED],
  [/^importApiDefinitions/, /^(is_create_group|simple_mode|mock_mode)$/, (one) => one.value === 'true', ACCEPTED],
  // The group counts where none is to be made.
  [/^importApiDefinitions/, /^group_id$/, unknown, ACCEPTED],
  [/^importApiDefinitionsAsync$/, /^file_name$/, always, ACCEPTED],
  [/^importApiDefinitionsV2$/, /^file_name$/, (one) => one.value === 'abcd' || one.what === 'NUL', '400 APIG.3600'],
  [/^exportApiDefinitionsAsync$/, /^(env_id|group_id|apis\[\])$/, unknown, ACCEPTED],
  [/^exportApiDefinitionsV2$/, /^apis\[\]$/, other(), '404 APIG.3002'],
]
