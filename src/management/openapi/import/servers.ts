/** Where a document says that its operations are called: 2.0 by host and schemes, 3.x by servers. */
import { fault } from '../../../contract/faults.js'
import { entries, list, member, text, type Node } from '../node.js'
import type { OpenApiFile } from './file.js'
import type { FileOperation } from './paths.js'

export interface ServerAddress {
  readonly scheme: 'http' | 'https' | undefined
  /** `host[:port]`; empty when the address is relative. */
  readonly host: string
  /** Without the slash at its end. */
  readonly path: string
}

/** @throws {Fault} 400 2045 for a URL that is none */
export function serverAddresses({ version, root }: OpenApiFile, operation: FileOperation): ServerAddress[] {
  return version === '2.0' ? fromSchemes(root, operation) : operation.servers.map(addressOf)
}

/** The protocols under which an API is called: those that are named, HTTPS when none is. */
export function protocolOf(servers: readonly ServerAddress[]): 'HTTP' | 'HTTPS' | 'BOTH' {
  const schemes = new Set(servers.flatMap(({ scheme }) => scheme ?? []))
  if (schemes.size === 2) return 'BOTH'
  return schemes.has('http') ? 'HTTP' : 'HTTPS'
}

function fromSchemes(root: Node, { operation }: FileOperation): ServerAddress[] {
  const schemes = list(member(operation, 'schemes') ?? member(root, 'schemes'))
  const host = text(member(root, 'host')) ?? ''
  const path = (text(member(root, 'basePath')) ?? '').replace(/\/+$/, '')
  const named = schemes.map((scheme) => text(scheme)?.toLowerCase()).filter(isScheme)
  return named.length > 0 ? named.map((scheme) => ({ scheme, host, path })) : [{ scheme: undefined, host, path }]
}

const isScheme = (scheme: string | undefined): scheme is 'http' | 'https' => scheme === 'http' || scheme === 'https'

/** Variables of a URL stand for their defaults. */
function addressOf(server: unknown): ServerAddress {
  const variables = new Map(
    entries(member(server, 'variables')).map(([name, value]) => [name, text(member(value, 'default')) ?? '']),
  )
  const url = (text(member(server, 'url')) ?? '').replace(
    /\{([^{}]*)\}/g,
    (whole, name: string) => variables.get(name) ?? whole,
  )
  const [, said, host = '', path = ''] = /^(?:(https?):)?(?:\/\/([^/?#\s]*))?([^?#\s]*)$/i.exec(url) ?? []
  if (/\s/.test(url) || (said !== undefined && host === '') || (/^[a-z][a-z0-9+.-]*:/i.test(url) && said === undefined))
    throw fault('APIG.2045')
  const scheme = said?.toLowerCase()
  return { scheme: isScheme(scheme) ? scheme : undefined, host, path: path.replace(/\/+$/, '') }
}
