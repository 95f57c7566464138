import { stringify } from 'yaml'
import { formatListenAddress } from './listen-address.js'
import { secretKeys, settingKeys, type SettingKey } from './setting-fields.js'
import type { Settings } from './settings.js'

const MASK = '***'

/** The settings in the form of the file, with secrets masked. */
export function printConfig(settings: Settings): string {
  const shown: Record<SettingKey, string | number | readonly string[] | undefined> = {
    data_dir: settings.dataDir,
    management_listen: formatListenAddress(settings.managementListen),
    http_listen: formatListenAddress(settings.httpListen),
    https_listen: formatListenAddress(settings.httpsListen),
    database_url: withoutPassword(settings.databaseUrl),
    redis_url: settings.redisUrl === undefined ? undefined : withoutPassword(settings.redisUrl),
    workers: settings.workers,
    subdomain_suffix: settings.subdomainSuffix,
    region: settings.region,
    project_id: settings.projectId,
    access_key: settings.accessKey,
    secret_key: settings.secretKey,
    admin_password: settings.adminPassword,
    instance_id: settings.instanceId,
    cluster_token: settings.clusterToken,
    log_level: settings.logLevel,
    log_format: settings.logFormat,
    debug_domain_limit: settings.debugDomainLimit,
    inbound_addresses: settings.inboundAddresses,
    proxy_protocol: settings.proxyProtocol ? 'on' : 'off',
    proxy_protocol_vni: settings.proxyProtocolVni,
    forbidden_backends: settings.forbiddenBackends,
    functions_dir: settings.functionsDir,
    functions_processes: settings.functionsProcesses,
    functions_url: settings.functionsUrl === undefined ? undefined : withoutPassword(settings.functionsUrl),
    functions_token: settings.functionsToken,
    kubernetes_url: settings.kubernetesUrl === undefined ? undefined : withoutPassword(settings.kubernetesUrl),
    kubernetes_token_file: settings.kubernetesTokenFile,
    kubernetes_ca_file: settings.kubernetesCaFile,
    metrics_token: settings.metricsToken,
    metrics_apis: settings.metricsApis,
    access_log_format: settings.accessLogFormat,
    access_log: settings.accessLog,
  }
  const lines = settingKeys
    .filter((key) => shown[key] !== undefined)
    .map((key) => [key, secretKeys.has(key) ? MASK : shown[key]])
  return stringify(Object.fromEntries(lines))
}

function withoutPassword(url: string): string {
  if (url.startsWith('sqlite:')) return url
  const parsed = new URL(url)
  if (parsed.password !== '') parsed.password = MASK
  // libpq also takes it as a parameter.
  if (parsed.searchParams.has('password')) parsed.searchParams.set('password', MASK)
  return parsed.href
}
