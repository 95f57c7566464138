/**
 * Every setting: its key in the file, what it may be, and what it is for. The flag and the environment variable follow
 * from the key (`data_dir`: `--data-dir`, `SLUICE_DATA_DIR`), so the three can't drift apart.
 */
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { parseListenAddress } from './listen-address.js'

const text = (pattern: RegExp, expected: string) =>
  z.string(`must be ${expected}`).regex(pattern, `must be ${expected}`)

const listenAddress = z
  .string('must be an address such as 127.0.0.1:8000 or [::1]:8000')
  .transform((value, context) => {
    const address = parseListenAddress(value)
    if (address !== undefined) return address
    context.addIssue('must be an address such as 127.0.0.1:8000 or [::1]:8000')
    return z.NEVER
  })

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

/** In the file a number, elsewhere digits. */
const wholeNumber = (least: number, most: number, expected: string, written = /^\d{1,4}$/) =>
  z
    .union([z.number(), z.string().regex(written).transform(Number)], `must be ${expected}`)
    .pipe(z.int(`must be ${expected}`).min(least, `must be ${expected}`).max(most, `must be ${expected}`))

/** In the file a list, elsewhere separated by commas. */
const listOf = (isItem: (text: string) => boolean, expected: string) =>
  z
    .union(
      [
        z.array(z.string()),
        z.string().transform((value) =>
          value
            .split(',')
            .map((item) => item.trim())
            .filter((item) => item !== ''),
        ),
      ],
      `must be ${expected}`,
    )
    .refine((items) => items.every(isItem), `must be ${expected}`)

const isAddress = (item: string): boolean => isIP(item) !== 0

function isBlock(item: string): boolean {
  const [address = '', length, ...more] = item.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return (
    isAddress(address) &&
    more.length === 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits))
  )
}

const DAY_LIMIT = 'must be a whole number of calls a day, or off'
const DATABASE = 'must be sqlite:<file> or postgres://<user>:<password>@<host>/<database>'
const KUBERNETES = 'must be https://…, or http://… of a proxy on this machine'
const ID = text(/^[A-Za-z0-9_-]{1,64}$/, 'up to 64 letters, digits, hyphens and underscores')

export const settingFields = {
  data_dir: text(/^[^\0]+$/, 'a directory')
    .default('./.sluice')
    .describe('Directory of the database, keys, credentials and the last configuration.'),
  management_listen: listenAddress
    .prefault('127.0.0.1:9000')
    .describe('Address of the management API, IAM and the console.'),
  http_listen: listenAddress.prefault('127.0.0.1:8000').describe('Address at which the gateway serves HTTP.'),
  https_listen: listenAddress.prefault('127.0.0.1:8443').describe('Address at which the gateway serves HTTPS.'),
  database_url: z
    .string(DATABASE)
    .refine((value) => /^sqlite:(?!:memory:).+$/.test(value) || isUrl(value, ['postgres:', 'postgresql:']), DATABASE)
    .optional()
    .describe('Database: sqlite:<file> or postgres://… Default: sluice.db in the data directory.'),
  redis_url: z
    .string('must be redis://<host>:<port> or rediss://…')
    .refine((value) => isUrl(value, ['redis:', 'rediss:']), 'must be redis://<host>:<port> or rediss://…')
    .optional()
    .describe(
      'Redis or Valkey for limits that several nodes share; not used yet, a start with it says so. Limits are kept on this node.',
    ),
  workers: wholeNumber(1, 256, 'a whole number from 1 to 256')
    .default(availableParallelism)
    .describe('Number of gateway processes. Default: the number of cores.'),
  subdomain_suffix: text(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    'a lower-case domain name',
  )
    .default('apic.localhost')
    .describe("Domain under which every API group has its debugging domain, '<group id>.<suffix>'."),
  region: text(/^[a-z0-9][a-z0-9-]{0,63}$/, 'up to 64 lower-case letters, digits and hyphens')
    .default('local-1')
    .describe('Name of the region that this installation presents itself as.'),
  project_id: ID.optional().describe('Id of the first project. Default: generated at the first start.'),
  access_key: text(/^[A-Za-z0-9_-]{4,128}$/, '4 to 128 letters, digits, hyphens and underscores')
    .optional()
    .describe('First access key. Default: generated at the first start.'),
  secret_key: text(/^[\x21-\x7e]{8,256}$/, '8 to 256 printable characters without spaces')
    .optional()
    .describe('Secret of the first access key. Default: generated at the first start.'),
  admin_password: text(/^.{8,128}$/su, '8 to 128 characters')
    .optional()
    .describe("First user's password. Default: generated at the first start."),
  instance_id: ID.optional().describe('Id of the first instance. Default: generated at the first start.'),
  cluster_token: text(/^[\x21-\x7e]{16,256}$/, '16 to 256 printable characters without spaces')
    .optional()
    .describe('Secret that control and gateways share. Default: generated at the first start.'),
  log_level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('Least severe message that is logged.'),
  log_format: oneOf(['json', 'pretty'])
    .optional()
    .describe('Form of the log. Default: pretty on a terminal, else json.'),
  debug_domain_limit: z
    .union(
      [
        z.int(),
        z.literal('off'),
        z
          .string()
          .regex(/^\d{1,9}$/)
          .transform(Number),
      ],
      DAY_LIMIT,
    )
    .refine((limit) => limit === 'off' || limit > 0, DAY_LIMIT)
    .default(1_000)
    .describe("Calls a day that a group's debugging domain admits, as in the cloud; off admits all."),
  inbound_addresses: listOf(isAddress, 'a list of IP addresses')
    .prefault([])
    .describe(
      'Addresses under which callers reach this gateway besides those of its interfaces (behind NAT, in a container); ' +
        'a Host with one of them leads to the group DEFAULT.',
    ),
  proxy_protocol: oneOf(['off', 'on'])
    .default('off')
    .describe(
      'Whether a load balancer in front tells who the client is by the PROXY protocol (version 1 or 2); with on, every ' +
        'connection has to begin with it.',
    ),
  proxy_protocol_vni: wholeNumber(1, 255, 'a type from 1 to 255, such as 0xE1', /^(0x[\da-f]{1,2}|\d{1,3})$/i)
    .optional()
    .describe(
      'Type of the field of a version 2 PROXY header that names the virtual network, for proxy_protocol_vni of the ' +
        'access log; there is none that is registered. Default: none.',
    ),
  forbidden_backends: listOf(isBlock, 'a list of IP addresses and CIDR blocks')
    .optional()
    .describe(
      'Addresses that no backend may have, nor an IPv6 address that embeds them (NAT64, 6to4, Teredo and the like); ' +
        'a NAT64 prefix of your own network has to be listed. Default: unspecified, link-local (metadata services), ' +
        'multicast and reserved ones.',
    ),
  functions_dir: text(/^[^\0]+$/, 'a directory')
    .optional()
    .describe(
      'Directory of functions for backends and authorizers (functions.md). Default: functions in the data directory.',
    ),
  functions_processes: wholeNumber(1, 256, 'a whole number from 1 to 256')
    .default(8)
    .describe('Processes in which each gateway process runs functions at once; one function gets half of them.'),
  functions_url: z
    .string('must be http://… or https://…')
    .refine((value) => isUrl(value, ['http:', 'https:']), 'must be http://… or https://…')
    .refine(isBare, 'must have no user, query or fragment; a token is a setting of its own, functions_token')
    .optional()
    .describe(
      "Endpoint with FunctionGraph's API, asked for functions that the directory does not have. Default: none.",
    ),
  functions_token: text(/^[\x21-\x7e]{1,65536}$/, 'printable characters without spaces')
    .optional()
    .describe('Sent to that endpoint as X-Auth-Token. Default: none.'),
  kubernetes_url: z
    .string(KUBERNETES)
    .refine(isApiServer, KUBERNETES)
    .refine(isBare, 'must have no user, query or fragment; a token is read from kubernetes_token_file')
    .optional()
    .describe(
      'API server of the cluster whose workloads and services channels of microservices follow (microservices.md). ' +
        'Default: that of the cluster in which Sluice runs, with the service account of its pod.',
    ),
  kubernetes_token_file: text(/^[^\0]+$/, 'a file')
    .optional()
    .describe('File with the bearer token for that API server; read anew for each request. Default: none.'),
  kubernetes_ca_file: text(/^[^\0]+$/, 'a file')
    .optional()
    .describe("PEM file of the authorities that signed that API server's certificate. Default: those of Node.js."),
  metrics_token: text(/^[\x21-\x7e]{16,256}$/, '16 to 256 printable characters without spaces')
    .optional()
    .describe(
      'What readers of /metrics have to show, as Authorization: Bearer <token>. Default: none; whoever reaches the ' +
        'management listener may read it.',
    ),
  metrics_apis: wholeNumber(0, 100_000, 'a whole number from 0 to 100000', /^\d{1,6}$/)
    .default(1_000)
    .describe(
      'APIs that have figures of their own on /metrics; those beyond are counted together, as api_id="others".',
    ),
  access_log_format: oneOf(['text', 'json'])
    .default('text')
    .describe('Form of the access log: 54 fields in a line, or the same as JSON.'),
  access_log: text(/^[^\0]+$/, 'off, stdout or a file')
    .optional()
    .describe('Where calls are logged: off, stdout or a file. Default: access.log in the data directory.'),
}

export type SettingKey = keyof typeof settingFields

export const settingKeys = Object.keys(settingFields) as SettingKey[]

/** Never shown, never echoed in an error, and not accepted as a flag: every user of a machine can read command lines. */
export const secretKeys: ReadonlySet<SettingKey> = new Set([
  'secret_key',
  'admin_password',
  'cluster_token',
  'functions_token',
  'metrics_token',
])

export const settingsSchema = z.strictObject(settingFields)

export const environmentName = (key: SettingKey): string => `SLUICE_${key.toUpperCase()}`

export const flagName = (key: SettingKey): string => `--${key.replaceAll('_', '-')}`

/** A bearer token must not cross a network in clear. */
function isApiServer(value: string): boolean {
  if (isUrl(value, ['https:'])) return true
  return isUrl(value, ['http:']) && ['localhost', '127.0.0.1', '[::1]'].includes(new URL(value).hostname)
}

/** What would not be sent must not look as if it were. */
function isBare(value: string): boolean {
  if (!URL.canParse(value)) return true
  const { username, password } = new URL(value)
  return username === '' && password === '' && !/[?#]/.test(value)
}

function isUrl(value: string, protocols: readonly string[]): boolean {
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url !== undefined && protocols.includes(url.protocol) && url.host !== ''
}
