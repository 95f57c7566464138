/**
 * What an operator can set. Flags beat the environment, the environment beats the file, the file beats the defaults;
 * everything that is wrong is reported at once, each by the name under which it was set.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse as parseYaml, YAMLParseError } from 'yaml'
import type { z } from 'zod'
import type { ListenAddress } from './listen-address.js'
import { nearest } from './nearest.js'
import {
  environmentName,
  flagName,
  secretKeys,
  settingKeys,
  settingsSchema,
  type SettingKey,
} from './setting-fields.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
type LogFormat = 'json' | 'pretty'

export interface Settings {
  /** Absolute. */
  readonly dataDir: string
  readonly managementListen: ListenAddress
  readonly httpListen: ListenAddress
  readonly httpsListen: ListenAddress
  /** `sqlite:<absolute file>` or `postgres://…`. */
  readonly databaseUrl: string
  readonly redisUrl?: string
  readonly workers: number
  readonly subdomainSuffix: string
  readonly region: string
  readonly projectId?: string
  readonly accessKey?: string
  readonly secretKey?: string
  readonly adminPassword?: string
  readonly instanceId?: string
  readonly clusterToken?: string
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  /** `off`, `stdout`, or an absolute file. */
  readonly accessLog: string
  readonly accessLogFormat: 'text' | 'json'
  readonly debugDomainLimit: number | 'off'
  readonly inboundAddresses: readonly string[]
  readonly proxyProtocol: boolean
  /** Type of a field of the PROXY header. */
  readonly proxyProtocolVni?: number
  /** Absent: the gateway's own list. */
  readonly forbiddenBackends?: readonly string[]
  /** Absolute. */
  readonly functionsDir: string
  readonly functionsProcesses: number
  readonly functionsUrl?: string
  readonly functionsToken?: string
  readonly metricsToken?: string
  readonly metricsApis: number
  readonly kubernetesUrl?: string
  /** Absolute, as is `kubernetesCaFile`. */
  readonly kubernetesTokenFile?: string
  readonly kubernetesCaFile?: string
}

export interface SettingSources {
  /** Values of flags, by setting key; those that weren't given are absent. */
  readonly flags: Partial<Readonly<Record<SettingKey, string>>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Value of `--config`. Default: `SLUICE_CONFIG`, or else `sluice.yaml`, if there is one. */
  readonly file?: string | undefined
  /** What relative paths are relative to. */
  readonly directory: string
  /** Whether the log goes to a person: decides the default of the log's format. */
  readonly terminal: boolean
}

/** The settings are wrong; one line for each problem. The command ends with exit code 2. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

interface Given {
  readonly value: unknown
  /** How whoever set it knows it: `--workers`, `SLUICE_WORKERS`, `workers in sluice.yaml`. */
  readonly origin: string
}

/** Reads all sources. Throws `SettingsError`. */
export function loadSettings(sources: SettingSources): Settings {
  const problems: string[] = []
  const given = new Map<SettingKey, Given>()
  readFile(sources, given, problems)
  readEnvironment(sources.environment, given, problems)
  for (const key of settingKeys) {
    const value = sources.flags[key]
    if (value !== undefined) given.set(key, { value, origin: flagName(key) })
  }
  const parsed = settingsSchema.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])))
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => problemOf(issue, given)))
  if (!parsed.success || problems.length > 0) throw new SettingsError([...new Set(problems)])
  return complete(parsed.data, sources)
}

function readFile(sources: SettingSources, given: Map<SettingKey, Given>, problems: string[]): void {
  const named = sources.file ?? sources.environment['SLUICE_CONFIG']
  const path = resolve(sources.directory, named ?? 'sluice.yaml')
  const shown = named ?? 'sluice.yaml'
  let content: unknown
  try {
    content = parseYaml(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof YAMLParseError) problems.push(`${shown}: ${error.message.split('\n', 1)[0] ?? ''}`)
    else if (!(named === undefined && codeOf(error) === 'ENOENT'))
      problems.push(`${shown}: cannot be read (${codeOf(error)})`)
    return
  }
  if (content === null || content === undefined) return
  if (typeof content !== 'object' || Array.isArray(content)) {
    problems.push(`${shown}: must be a list of 'setting: value' lines`)
    return
  }
  for (const [name, value] of Object.entries(content)) {
    const key = settingKeys.find((known) => known === name)
    if (key !== undefined) given.set(key, { value, origin: `${key} in ${shown}` })
    else problems.push(unknown(`${name} in ${shown}`, nearest(name, settingKeys)))
  }
}

/**
 * An unknown variable is a mistake only if it looks like a misspelt setting: Kubernetes gives every container variables
 * such as SLUICE_PORT and SLUICE_SERVICE_HOST when a Service is called sluice.
 */
function readEnvironment(
  environment: SettingSources['environment'],
  given: Map<SettingKey, Given>,
  problems: string[],
): void {
  const known = new Map(settingKeys.map((key) => [environmentName(key), key]))
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('SLUICE_') || value === undefined || value === '' || name === 'SLUICE_CONFIG') continue
    const key = known.get(name)
    const meant = nearest(
      name.slice('SLUICE_'.length),
      settingKeys.map((known) => known.toUpperCase()),
    )
    if (key !== undefined) given.set(key, { value, origin: name })
    else if (meant !== undefined && !FROM_KUBERNETES.test(name)) problems.push(unknown(name, `SLUICE_${meant}`))
  }
}

const FROM_KUBERNETES = /_(SERVICE_HOST|(SERVICE_)?PORT(_.*)?)$/

function unknown(name: string, meant: string | undefined): string {
  return `${name}: unknown setting${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function problemOf(issue: z.core.$ZodIssue, given: ReadonlyMap<SettingKey, Given>): string {
  const key = settingKeys.find((known) => known === issue.path[0])
  const { origin, value } = (key === undefined ? undefined : given.get(key)) ?? {
    origin: String(issue.path[0]),
    value: '',
  }
  const shown =
    key !== undefined && (secretKeys.has(key) || key.endsWith('_url')) ? '' : `, not ${JSON.stringify(value)}`
  return `${origin}: ${issue.message}${shown}`
}

function complete(parsed: z.infer<typeof settingsSchema>, sources: SettingSources): Settings {
  const dataDir = resolve(sources.directory, parsed.data_dir)
  const database = parsed.database_url ?? `sqlite:${resolve(dataDir, 'sluice.db')}`
  const accessLog = parsed.access_log ?? resolve(dataDir, 'access.log')
  return Object.freeze({
    dataDir,
    managementListen: Object.freeze(parsed.management_listen),
    httpListen: Object.freeze(parsed.http_listen),
    httpsListen: Object.freeze(parsed.https_listen),
    databaseUrl: database.startsWith('sqlite:')
      ? `sqlite:${resolve(sources.directory, database.slice('sqlite:'.length))}`
      : database,
    ...(parsed.redis_url === undefined ? {} : { redisUrl: parsed.redis_url }),
    workers: parsed.workers,
    subdomainSuffix: parsed.subdomain_suffix,
    region: parsed.region,
    ...(parsed.project_id === undefined ? {} : { projectId: parsed.project_id }),
    ...(parsed.access_key === undefined ? {} : { accessKey: parsed.access_key }),
    ...(parsed.secret_key === undefined ? {} : { secretKey: parsed.secret_key }),
    ...(parsed.admin_password === undefined ? {} : { adminPassword: parsed.admin_password }),
    ...(parsed.instance_id === undefined ? {} : { instanceId: parsed.instance_id }),
    ...(parsed.cluster_token === undefined ? {} : { clusterToken: parsed.cluster_token }),
    logLevel: parsed.log_level,
    logFormat: parsed.log_format ?? (sources.terminal ? 'pretty' : 'json'),
    accessLogFormat: parsed.access_log_format,
    debugDomainLimit: parsed.debug_domain_limit,
    inboundAddresses: Object.freeze(parsed.inbound_addresses),
    proxyProtocol: parsed.proxy_protocol === 'on',
    ...(parsed.proxy_protocol_vni === undefined ? {} : { proxyProtocolVni: parsed.proxy_protocol_vni }),
    ...(parsed.forbidden_backends === undefined ? {} : { forbiddenBackends: parsed.forbidden_backends }),
    functionsDir: resolve(sources.directory, parsed.functions_dir ?? resolve(dataDir, 'functions')),
    functionsProcesses: parsed.functions_processes,
    ...(parsed.functions_url === undefined ? {} : { functionsUrl: parsed.functions_url }),
    ...(parsed.functions_token === undefined ? {} : { functionsToken: parsed.functions_token }),
    ...(parsed.kubernetes_url === undefined ? {} : { kubernetesUrl: parsed.kubernetes_url }),
    ...(parsed.kubernetes_token_file === undefined
      ? {}
      : { kubernetesTokenFile: resolve(sources.directory, parsed.kubernetes_token_file) }),
    ...(parsed.kubernetes_ca_file === undefined
      ? {}
      : { kubernetesCaFile: resolve(sources.directory, parsed.kubernetes_ca_file) }),
    ...(parsed.metrics_token === undefined ? {} : { metricsToken: parsed.metrics_token }),
    metricsApis: parsed.metrics_apis,
    accessLog: accessLog === 'off' || accessLog === 'stdout' ? accessLog : resolve(sources.directory, accessLog),
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
