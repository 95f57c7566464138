/** A call as it was typed, made ready to be sent: shared by `sluice call` and `sluice sign`. */
import { readFileSync } from 'node:fs'
import { METHODS } from 'node:http'
import { basename, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { Command } from 'commander'
import { localUrl } from '../config/listen-address.js'
import { signRequest, type SigningKey } from '../signing/sign.js'
import { CommandFailure } from './command-failure.js'
import { readCredentials, settingsOf, type Credentials } from './credentials.js'
import type { Terminal } from './terminal.js'

export interface CallOptions {
  readonly data?: string
  readonly form?: readonly string[]
  readonly header: readonly string[]
  readonly query: readonly string[]
  readonly endpoint?: string
  readonly credentials?: string
  readonly appKey?: string
  readonly appSecret?: string
}

export interface SignedCall {
  readonly method: string
  readonly url: URL
  /** Path and query as they go onto the wire; `url` would normalise them. */
  readonly target: string
  /** All of them, `Host` included. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty when there is none. */
  readonly body: Buffer
}

export const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value]

/** Arguments and options that `call` and `sign` have in common. */
export function describeCall(command: Command): Command {
  return command
    .argument('<method>', 'GET, POST, PUT, DELETE, …')
    .argument('<path>', 'apps (of the first instance), /v2/{project_id}/apigw/instances, or a whole URL')
    .option('-d, --data <json>', 'body: JSON, @file, or - for standard input')
    .option('-H, --header <name: value>', 'one more header; may be repeated', collect, [])
    .option('-q, --query <name=value>', 'one more query parameter, not yet encoded; may be repeated', collect, [])
    .option('--endpoint <url>', 'where to send it; default: from the credentials')
    .option('--credentials <file>', 'default: credentials.json in the data directory')
    .option('--app-key <key>', 'sign with the key of an app, for an API behind the gateway')
    .option('--app-secret <secret>', 'secret of the app, or @file')
}

/**
 * @throws {CommandFailure} with exit code 2 for wrong usage, 1 for what cannot be read.
 */
export async function prepareCall(
  method: string,
  path: string,
  options: CallOptions,
  terminal: Terminal,
): Promise<SignedCall> {
  const verb = method.toUpperCase()
  if (!METHODS.includes(verb)) throw wrongUsage(`${method} is no HTTP method`)
  const { key, base, location } = resolveTarget(path, options, terminal)
  const [rawPath = '', ...rawQuery] = location.split('?')
  const query = [...(rawQuery.length === 0 ? [] : [wireForm(rawQuery.join('?'))]), ...options.query.map(parameter)]
    .filter((part) => part !== '')
    .join('&')
  const wirePath = wireForm(rawPath)
  const { body, type } = await readBody(options, terminal)

  const headers = new Map<string, [name: string, value: string]>()
  headers.set('host', ['Host', base.host])
  if (body.length > 0) headers.set('content-type', ['Content-Type', type])
  for (const text of options.header) {
    const [name, value] = parseHeader(text)
    headers.set(name.toLowerCase(), [name, value])
  }
  const given = Object.fromEntries(headers.values())
  const signature = signRequest({ method: verb, path: wirePath, query, headers: given, body }, key)
  return {
    method: verb,
    url: base,
    target: query === '' ? wirePath : `${wirePath}?${query}`,
    headers: { ...given, ...signature },
    body,
  }
}

function resolveTarget(
  path: string,
  options: CallOptions,
  terminal: Terminal,
): { readonly key: SigningKey; readonly base: URL; readonly location: string } {
  const whole = /^(https?:\/\/[^/?#]+)(.*)$/i.exec(path)
  const forApp = options.appKey !== undefined || options.appSecret !== undefined
  const credentials = forApp ? undefined : readCredentials(options.credentials, terminal)
  const endpoint =
    whole?.[1] ?? options.endpoint ?? credentials?.endpoint ?? localUrl('http', settingsOf(terminal).httpListen)
  const base = parseEndpoint(endpoint)
  const prefix = whole === null ? base.pathname.replace(/\/+$/, '') : ''
  const rest = whole?.[2] ?? path
  const absolute = whole !== null && !rest.startsWith('/') ? `/${rest}` : rest
  return {
    key: credentials === undefined ? appKey(options, terminal) : keyOf(credentials),
    base,
    location: prefix + fillIn(absolute, credentials),
  }
}

/** `apps` is the collection of that name in the first instance; `{project_id}` and `{instance_id}` are filled in. */
function fillIn(path: string, credentials: Credentials | undefined): string {
  if (credentials === undefined) {
    if (path.startsWith('/')) return path
    throw wrongUsage('with --app-key, the path starts with / or is a whole URL')
  }
  const absolute = path.startsWith('/') ? path : `/v2/{project_id}/apigw/instances/{instance_id}/${path}`
  if (absolute.includes('{instance_id}') && credentials.instance_id === undefined)
    throw new CommandFailure('the credentials name no instance_id: write the path in full', 1)
  return absolute
    .replaceAll('{project_id}', credentials.project_id)
    .replaceAll('{instance_id}', credentials.instance_id ?? '')
}

const keyOf = (credentials: Credentials): SigningKey => ({
  accessKey: credentials.access_key,
  secretKey: credentials.secret_key,
})

function appKey({ appKey: accessKey, appSecret }: CallOptions, terminal: Terminal): SigningKey {
  if (accessKey === undefined || appSecret === undefined) throw wrongUsage('--app-key and --app-secret belong together')
  const secretKey = appSecret.startsWith('@') ? readFile(appSecret.slice(1), terminal).toString().trim() : appSecret
  return { accessKey, secretKey }
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw wrongUsage(`${text} is no http or https URL`)
  return url
}

interface Body {
  readonly body: Buffer
  readonly type: string
}

async function readBody({ data, form = [] }: CallOptions, terminal: Terminal): Promise<Body> {
  if (form.length === 0) return { body: await readData(data, terminal), type: 'application/json' }
  if (data !== undefined) throw wrongUsage('a body is --data or --form, not both')
  const fields = new FormData()
  for (const text of form) {
    const equals = text.indexOf('=')
    if (equals < 1) throw wrongUsage(`${text} is no field: write name=value or name=@file`)
    const [name, value] = [text.slice(0, equals), text.slice(equals + 1)]
    if (value.startsWith('@'))
      fields.append(name, new Blob([readFile(value.slice(1), terminal)]), basename(value.slice(1)))
    else fields.append(name, value)
  }
  const encoded = new Response(fields)
  return { body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get('content-type') ?? '' }
}

async function readData(data: string | undefined, terminal: Terminal): Promise<Buffer> {
  if (data === undefined) return Buffer.alloc(0)
  if (data === '-') return buffer(terminal.input)
  return data.startsWith('@') ? readFile(data.slice(1), terminal) : Buffer.from(data)
}

function readFile(path: string, terminal: Terminal): Buffer {
  try {
    return readFileSync(resolve(terminal.directory, path))
  } catch (cause) {
    throw new CommandFailure(`cannot read ${path}`, 1, { cause })
  }
}

function parseHeader(text: string): [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\0\r\n]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined) throw wrongUsage(`${text} is no header: write 'Name: value'`)
  return [name, value.trimEnd()]
}

function parameter(text: string): string {
  const equals = text.indexOf('=')
  if (equals < 1) throw wrongUsage(`${text} is no query parameter: write name=value`)
  return `${encodeURIComponent(text.slice(0, equals))}=${encodeURIComponent(text.slice(equals + 1))}`
}

/** Escapes what cannot stand in a request line, and leaves the escapes that are there. */
const wireForm = (text: string): string => text.replace(/[^\x21-\x7e]|["#<>\\^`{|}]/gu, encodeURIComponent)

const wrongUsage = (message: string) => new CommandFailure(message, 2)
