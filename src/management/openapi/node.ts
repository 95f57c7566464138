/** Reads documents that anybody may have written: whatever is asked for may be missing or something else. */
import { fault } from '../../contract/faults.js'

export type Node = Readonly<Record<string, unknown>>

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of its own: names come from outside. */
export function member(node: unknown, name: string): unknown {
  return isNode(node) && Object.hasOwn(node, name) ? node[name] : undefined
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

export function entries(value: unknown): [string, unknown][] {
  return isNode(value) ? Object.entries(value) : []
}

/** A text, also where YAML read a number or a truth value of it. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

export function upperText(value: unknown): string | undefined {
  return text(value)?.toUpperCase()
}

/** A truth value, also when it is written in quotes. */
export function truth(value: unknown): unknown {
  if (value === 'true') return true
  return value === 'false' ? false : value
}

/** Members that have a value. */
export function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))
}

/** More steps than any document needs from a reference to what it means. */
const MOST_STEPS = 32

/**
 * Follows local references. Nothing is ever fetched: neither from the network nor from a disk.
 *
 * @throws {Fault} 400 2012 `$ref` for what lies elsewhere, is not there, or leads in a circle
 */
export function resolve(root: Node, value: unknown): unknown {
  let current = value
  for (let step = 0; step < MOST_STEPS; step++) {
    const reference = member(current, '$ref')
    if (typeof reference !== 'string') return current
    current = target(root, reference)
  }
  throw fault('APIG.2012', { name: '$ref' })
}

/** RFC 6901, in the fragment of a URI. */
function target(root: Node, reference: string): unknown {
  const pointer = decoded(reference)
  if (pointer !== '' && !pointer?.startsWith('/')) throw fault('APIG.2012', { name: '$ref' })
  let current: unknown = root
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    current = Array.isArray(current)
      ? (current as unknown[])[/^\d{1,9}$/.test(name) ? Number(name) : -1]
      : member(current, name)
    if (current === undefined) throw fault('APIG.2012', { name: '$ref' })
  }
  return current
}

function decoded(reference: string): string | undefined {
  if (!reference.startsWith('#')) return undefined
  try {
    return decodeURIComponent(reference.slice(1))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
