/** Which attributes the provider reads of an object, and as what. */
import type { Document } from './document.js'
import { set } from './provider.js'

export interface Shape {
  readonly [name: string]: 'text' | 'number' | 'flag' | 'texts' | { readonly set: Shape } | { readonly object: Shape }
}

/** Go knows no absence: an empty text, zero and false are what is not there, and neither sent nor kept. */
const isZero = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && value !== null && Object.keys(value).length === 0)

export function readAs(document: Document, shape: Shape): Readonly<Record<string, unknown>> {
  const values = Object.entries(shape).map(([name, type]) => [name, valueOf(document, name, type)] as const)
  return Object.fromEntries(values.filter(([, value]) => !isZero(value)))
}

function valueOf(document: Document, name: string, type: Shape[string]): unknown {
  switch (type) {
    case 'text':
      return document.text(name)
    case 'number':
      return document.number(name)
    case 'flag':
      return document.flag(name)
    case 'texts':
      return document.has(name) ? document.texts(name) : []
    default:
      if ('object' in type) return readAs(document.object(name), type.object)
      return document.has(name) ? set(document.list(name).map((element) => readAs(element, type.set))) : []
  }
}
