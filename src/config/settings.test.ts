import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { formatListenAddress, localUrl, parseListenAddress } from './listen-address.js'
import { printConfig } from './print-config.js'
import { loadSettings, SettingsError, type SettingSources } from './settings.js'

const nothing: SettingSources = { flags: {}, environment: {}, directory: '/srv', terminal: false }

function problems(sources: Partial<SettingSources>): readonly string[] {
  try {
    loadSettings({ ...nothing, ...sources })
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

async function file(content: string, name = 'sluice.yaml') {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-settings-'))
  await writeFile(join(directory, name), content)
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

test('without any settings the defaults hold', () => {
  expect(loadSettings(nothing)).toEqual({
    dataDir: '/srv/.sluice',
    managementListen: { host: '127.0.0.1', port: 9000 },
    httpListen: { host: '127.0.0.1', port: 8000 },
    httpsListen: { host: '127.0.0.1', port: 8443 },
    databaseUrl: 'sqlite:/srv/.sluice/sluice.db',
    workers: expect.any(Number) as number,
    subdomainSuffix: 'apic.localhost',
    region: 'local-1',
    logLevel: 'info',
    logFormat: 'json',
    debugDomainLimit: 1000,
    inboundAddresses: [],
    proxyProtocol: false,
    functionsDir: '/srv/.sluice/functions',
    functionsProcesses: 8,
    metricsApis: 1_000,
    accessLogFormat: 'text',
    accessLog: '/srv/.sluice/access.log',
  })
  expect(loadSettings({ ...nothing, terminal: true }).logFormat).toBe('pretty')
})

test('flags beat the environment, the environment beats the file, the file beats the defaults', async () => {
  await using here = await file('workers: 2\nregion: from-file\nlog_level: warn\n')
  const settings = loadSettings({
    ...nothing,
    directory: here.directory,
    environment: { SLUICE_REGION: 'from-environment', SLUICE_WORKERS: '3' },
    flags: { workers: '4' },
  })
  expect(settings).toMatchObject({ workers: 4, region: 'from-environment', logLevel: 'warn' })
})

test('the file can be named by flag or environment, and must then be there', async () => {
  await using here = await file('region: other\n', 'other.yaml')
  const { directory } = here
  expect(loadSettings({ ...nothing, directory, file: 'other.yaml' }).region).toBe('other')
  expect(loadSettings({ ...nothing, directory, environment: { SLUICE_CONFIG: 'other.yaml' } }).region).toBe('other')
  expect(problems({ directory, file: 'gone.yaml' })).toEqual(['gone.yaml: cannot be read (ENOENT)'])
})

test('paths are relative to where the command runs', () => {
  const settings = loadSettings({
    ...nothing,
    flags: { data_dir: 'data', database_url: 'sqlite:db/x.db', access_log: 'calls.log' },
  })
  expect(settings).toMatchObject({
    dataDir: '/srv/data',
    databaseUrl: 'sqlite:/srv/db/x.db',
    accessLog: '/srv/calls.log',
  })
})

test('access logs can be off or go to standard output, and an empty variable is none', () => {
  expect(loadSettings({ ...nothing, environment: { SLUICE_ACCESS_LOG: 'off' } }).accessLog).toBe('off')
  expect(loadSettings({ ...nothing, environment: { SLUICE_ACCESS_LOG: 'stdout' } }).accessLog).toBe('stdout')
  expect(loadSettings({ ...nothing, environment: { SLUICE_REGION: '' } }).region).toBe('local-1')
})

test.each<[Record<string, string>, string]>([
  [{ SLUICE_WORKERS: '0' }, 'SLUICE_WORKERS: must be a whole number from 1 to 256, not "0"'],
  [{ SLUICE_WORKERS: '1.5' }, 'SLUICE_WORKERS: must be a whole number from 1 to 256, not "1.5"'],
  [{ SLUICE_WORKERS: 'many' }, 'SLUICE_WORKERS: must be a whole number from 1 to 256, not "many"'],
  [{ SLUICE_WORKERS: '257' }, 'SLUICE_WORKERS: must be a whole number from 1 to 256, not "257"'],
  [
    { SLUICE_HTTP_LISTEN: '8000' },
    'SLUICE_HTTP_LISTEN: must be an address such as 127.0.0.1:8000 or [::1]:8000, not "8000"',
  ],
  [
    { SLUICE_MANAGEMENT_LISTEN: '::1:9000' },
    'SLUICE_MANAGEMENT_LISTEN: must be an address such as 127.0.0.1:8000 or [::1]:8000, not "::1:9000"',
  ],
  [{ SLUICE_REGION: 'Here' }, 'SLUICE_REGION: must be up to 64 lower-case letters, digits and hyphens, not "Here"'],
  [{ SLUICE_SUBDOMAIN_SUFFIX: '.x' }, 'SLUICE_SUBDOMAIN_SUFFIX: must be a lower-case domain name, not ".x"'],
  [
    { SLUICE_PROJECT_ID: 'a b' },
    'SLUICE_PROJECT_ID: must be up to 64 letters, digits, hyphens and underscores, not "a b"',
  ],
  [
    { SLUICE_INSTANCE_ID: 'a/b' },
    'SLUICE_INSTANCE_ID: must be up to 64 letters, digits, hyphens and underscores, not "a/b"',
  ],
  [{ SLUICE_ACCESS_KEY: 'a' }, 'SLUICE_ACCESS_KEY: must be 4 to 128 letters, digits, hyphens and underscores, not "a"'],
  [{ SLUICE_LOG_LEVEL: 'loud' }, 'SLUICE_LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, not "loud"'],
  [{ SLUICE_LOG_FORMAT: 'xml' }, 'SLUICE_LOG_FORMAT: must be one of json, pretty, not "xml"'],
  [{ SLUICE_ACCESS_LOG: 'a\0b' }, 'SLUICE_ACCESS_LOG: must be off, stdout or a file, not "a\\u0000b"'],
  [{ SLUICE_DATA_DIR: '\0' }, 'SLUICE_DATA_DIR: must be a directory, not "\\u0000"'],
  [{ SLUICE_WORKRES: '1' }, 'SLUICE_WORKRES: unknown setting; did you mean SLUICE_WORKERS?'],
  // What may contain a secret is never echoed.
  [
    { SLUICE_DATABASE_URL: 'mysql://u:p@h/d' },
    'SLUICE_DATABASE_URL: must be sqlite:<file> or postgres://<user>:<password>@<host>/<database>',
  ],
  [
    { SLUICE_DATABASE_URL: 'sqlite::memory:' },
    'SLUICE_DATABASE_URL: must be sqlite:<file> or postgres://<user>:<password>@<host>/<database>',
  ],
  [{ SLUICE_REDIS_URL: 'http://:p@h' }, 'SLUICE_REDIS_URL: must be redis://<host>:<port> or rediss://…'],
  [{ SLUICE_SECRET_KEY: 'short' }, 'SLUICE_SECRET_KEY: must be 8 to 256 printable characters without spaces'],
  [{ SLUICE_ADMIN_PASSWORD: 'short' }, 'SLUICE_ADMIN_PASSWORD: must be 8 to 128 characters'],
  [{ SLUICE_CLUSTER_TOKEN: 'short' }, 'SLUICE_CLUSTER_TOKEN: must be 16 to 256 printable characters without spaces'],
])('the environment %j is refused', (environment, problem) => {
  expect(problems({ environment })).toEqual([problem])
})

test('variables that Kubernetes makes for a Service called sluice are no settings', () => {
  const environment = {
    SLUICE_PORT: 'tcp://10.0.0.1:80',
    SLUICE_SERVICE_HOST: '10.0.0.1',
    SLUICE_PORT_80_TCP_ADDR: '10.0.0.1',
    SLUICE_SOMETHING_ELSE_ALTOGETHER: 'x',
  }
  expect(problems({ environment })).toEqual([])
})

test.each([
  ['wokers: 2', ['wokers in sluice.yaml: unknown setting; did you mean workers?']],
  ['colour: red', ['colour in sluice.yaml: unknown setting']],
  ['workers: two', ['workers in sluice.yaml: must be a whole number from 1 to 256, not "two"']],
  ['workers: 2.5', ['workers in sluice.yaml: must be a whole number from 1 to 256, not 2.5']],
  ['region: 7', ['region in sluice.yaml: must be up to 64 lower-case letters, digits and hyphens, not 7']],
  [
    'http_listen: 8000',
    ['http_listen in sluice.yaml: must be an address such as 127.0.0.1:8000 or [::1]:8000, not 8000'],
  ],
  ['- a', ["sluice.yaml: must be a list of 'setting: value' lines"]],
  ['a: [', [expect.stringMatching(/^sluice\.yaml: .*line 1/) as string]],
  ['workers: 0\nregion: UP', [expect.stringMatching(/^workers/) as string, expect.stringMatching(/^region/) as string]],
  ['', []],
  ['# nothing but a comment\n', []],
])('the file %j', async (content, expected) => {
  await using here = await file(content)
  expect(problems({ directory: here.directory })).toEqual(expected)
})

test('a wrong flag is named as it was typed', () => {
  expect(problems({ flags: { management_listen: 'x' } })).toEqual([
    '--management-listen: must be an address such as 127.0.0.1:8000 or [::1]:8000, not "x"',
  ])
})

test('settings cannot be changed', () => {
  const settings = loadSettings(nothing)
  expect(Object.isFrozen(settings) && Object.isFrozen(settings.httpListen)).toBe(true)
})

test.each([
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:8000', { host: '::1', port: 8000 }],
  ['[::]:65535', { host: '::', port: 65_535 }],
  ['localhost:80', { host: 'localhost', port: 80 }],
  ['gw-1.example.com:80', { host: 'gw-1.example.com', port: 80 }],
  ['127.0.0.1:65536', undefined],
  ['127.0.0.256:80', undefined],
  ['1.2.3:80', undefined],
  ['[127.0.0.1]:80', undefined],
  ['[::1]', undefined],
  ['::1:80', undefined],
  [':80', undefined],
  ['host:', undefined],
  ['host:-1', undefined],
  ['ho st:80', undefined],
  ['-host:80', undefined],
])('the address %s', (text, expected) => {
  expect(parseListenAddress(text)).toEqual(expected)
})

test('every address that is read is written the same', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), fc.nat(65_535), (host, port) => {
      expect(parseListenAddress(formatListenAddress({ host, port }))).toEqual({ host, port })
    }),
  )
})

test('a listener on every address is reached on this machine', () => {
  expect(localUrl('http', { host: '0.0.0.0', port: 1 })).toBe('http://127.0.0.1:1')
  expect(localUrl('http', { host: '::', port: 1 })).toBe('http://[::1]:1')
  expect(localUrl('https', { host: 'gw.example', port: 1 })).toBe('https://gw.example:1')
})

test('the printed settings are a file that can be read, without secrets', async () => {
  const environment = {
    SLUICE_SECRET_KEY: 'secret-one',
    SLUICE_ADMIN_PASSWORD: 'secret-two',
    SLUICE_CLUSTER_TOKEN: 'secret-three-long',
    SLUICE_DATABASE_URL: 'postgres://u:secret-four@h/d?password=secret-five',
    SLUICE_REDIS_URL: 'redis://:secret-six@h:6379',
    SLUICE_HTTP_LISTEN: '[::1]:0',
  }
  const printed = printConfig(loadSettings({ ...nothing, environment }))
  expect(printed).not.toContain('secret-')
  expect(parse(printed)).toMatchObject({
    secret_key: '***',
    http_listen: '[::1]:0',
    workers: expect.any(Number) as number,
  })
  const masked = /^(secret_key|admin_password|cluster_token|functions_token|database_url|redis_url): .*\n/gm
  await using here = await file(printed.replace(masked, ''))
  expect(problems({ directory: here.directory })).toEqual([])
})

test('lists are separated by commas, or lists in the file', async () => {
  await using given = await file('forbidden_backends: [10.0.0.0/8, "fd00::/8"]\ninbound_addresses: [192.0.2.1]')

  const settings = loadSettings({ ...nothing, directory: given.directory })
  expect(settings.forbiddenBackends).toEqual(['10.0.0.0/8', 'fd00::/8'])
  expect(settings.inboundAddresses).toEqual(['192.0.2.1'])
  const environment = { SLUICE_INBOUND_ADDRESSES: '192.0.2.1, 2001:db8::1', SLUICE_DEBUG_DOMAIN_LIMIT: 'off' }
  expect(loadSettings({ ...nothing, environment })).toMatchObject({
    inboundAddresses: ['192.0.2.1', '2001:db8::1'],
    debugDomainLimit: 'off',
  })
})

test.each([
  ['SLUICE_INBOUND_ADDRESSES', '192.0.2.0/24', 'must be a list of IP addresses'],
  ['SLUICE_FORBIDDEN_BACKENDS', '10.0.0.0/33', 'must be a list of IP addresses and CIDR blocks'],
  ['SLUICE_FORBIDDEN_BACKENDS', 'localhost', 'must be a list of IP addresses and CIDR blocks'],
  ['SLUICE_DEBUG_DOMAIN_LIMIT', '0', 'must be a whole number of calls a day, or off'],
  ['SLUICE_ACCESS_LOG_FORMAT', 'xml', 'must be one of text, json'],
])('%s=%s is refused: %s', (name, value, problem) => {
  expect(problems({ environment: { [name]: value } })).toEqual([`${name}: ${problem}, not "${value}"`])
})

test('the API server of a cluster is asked over TLS, unless a proxy on this machine stands before it', () => {
  const at = (SLUICE_KUBERNETES_URL: string) => problems({ environment: { SLUICE_KUBERNETES_URL } })
  for (const url of [
    'https://10.0.0.5:5443',
    'https://host/k8s/clusters/c1',
    'http://127.0.0.1:8001',
    'http://[::1]:8001',
  ])
    expect(at(url)).toEqual([])
  for (const url of ['http://10.0.0.5:8001', 'http://localhost.example', 'ftp://host', 'host:6443'])
    expect(at(url)).toEqual(['SLUICE_KUBERNETES_URL: must be https://…, or http://… of a proxy on this machine'])
  for (const more of [
    'https://user@host',
    'https://:secret@host',
    'https://host?a=secret',
    'https://host/?',
    'https://host#a',
  ])
    expect(at(more)).toEqual([
      'SLUICE_KUBERNETES_URL: must have no user, query or fragment; a token is read from kubernetes_token_file',
    ])
  const environment = { SLUICE_KUBERNETES_TOKEN_FILE: 'token', SLUICE_KUBERNETES_CA_FILE: '/etc/ca.crt' }
  expect(loadSettings({ ...nothing, environment })).toMatchObject({
    kubernetesTokenFile: '/srv/token',
    kubernetesCaFile: '/etc/ca.crt',
  })
})

test.each(['http://user:secret@host/base', 'https://host/base?project=p', 'https://host#f'])(
  'an endpoint of functions of which a part would be ignored is refused: %s',
  (SLUICE_FUNCTIONS_URL) => {
    expect(problems({ environment: { SLUICE_FUNCTIONS_URL } })).toEqual([
      'SLUICE_FUNCTIONS_URL: must have no user, query or fragment; a token is a setting of its own, functions_token',
    ])
  },
)
