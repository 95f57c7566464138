/** `host[:port]` of a back end, with or without `#variables#`: errors.md §3. */
import { isIPv6 } from 'node:net'
import { fault } from '../../contract/faults.js'

const VARIABLE = /#[a-zA-Z][a-zA-Z0-9_-]{2,31}#/
const EVERY_VARIABLE = new RegExp(VARIABLE, 'g')
const ADDRESS = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:/]*))?$/
const LABEL = /^[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?$/

/**
 * A host name, an IPv4 address or a bracketed IPv6 address, and a port from 1 to 65535.
 *
 * @throws {Fault} 2024 for the host, 2025 for the port
 */
export function backendAddressIsValid(address: string): void {
  const [, host = '', port] = ADDRESS.exec(address) ?? []
  if (!isHost(host)) throw fault('APIG.2024')
  if (port !== undefined && !isPort(port)) throw fault('APIG.2025')
}

/**
 * The same before the variables are known: they may stand for any part, so what is left is judged by its characters,
 * and a port by its number when no variable can be a part of it.
 *
 * @throws {Fault} 2024 for the host, 2025 for the port
 */
export function backendAddressMayBeValid(address: string): void {
  if (!VARIABLE.test(address)) {
    backendAddressIsValid(address)
    return
  }
  if (!/^[a-zA-Z0-9._:[\]-]*$/.test(address.replace(EVERY_VARIABLE, ''))) throw fault('APIG.2024')
  const port = /:(\d+)$/.exec(address)?.[1]
  if (port !== undefined && !isPort(port)) throw fault('APIG.2025')
}

/** A host name, or an address; version 6 in brackets. */
export function isHost(host: string): boolean {
  if (host.startsWith('[')) return isIPv6(host.slice(1, -1))
  const labels = host.replace(/\.$/, '').split('.')
  // Names whose last label is a number are addresses in dotted form, or nothing (WHATWG URL, "ends in a number").
  if (/^\d+$/.test(labels.at(-1) ?? '')) return labels.length === 4 && labels.every(isOctet)
  return host.length <= 253 && labels.every((label) => LABEL.test(label))
}

const isOctet = (label: string): boolean => /^(?:0|[1-9]\d{0,2})$/.test(label) && Number(label) <= 255

const isPort = (port: string): boolean => /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535
