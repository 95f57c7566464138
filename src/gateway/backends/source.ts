/** Where a backend parameter's value comes from: a declared request parameter, a constant, the system (backends.md §4.2). */
import type { BackendParameter } from '../../snapshot/api-definition.js'
import type { Exchange } from '../exchange.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { Values } from './parameters.js'
import type { BackendContext } from './sender.js'
import { systemValue } from './system-parameters.js'

export interface Source {
  /** Of the parameter at the backend. */
  readonly name: string
  /** A value that never changes. */
  readonly constant?: string
  /** Index of the declared request parameter that is copied; −1 when there is none. */
  readonly parameter: number
  /** The value, a byte string; `undefined` where the parameter is to be left out. */
  readonly read: (exchange: Exchange, values: Values) => string | undefined
}

export function compileSource(
  { name, origin, value }: BackendParameter,
  { publication, stage, server }: BackendContext,
): Source {
  switch (origin) {
    case 'REQUEST': {
      const parameter = publication.definition.req_params.findIndex((declared) => declared.name === value)
      return { name, parameter, read: (_, values) => values[parameter] }
    }
    case 'CONSTANT': {
      const constant = utf8Bytes(value)
      return { name, constant, parameter: -1, read: () => constant }
    }
    case 'SYSTEM': {
      const found = systemValue(value, publication, stage, server)
      if (typeof found === 'function') return { name, parameter: -1, read: (exchange) => found(exchange) || undefined }
      if (found === '') return { name, parameter: -1, read: () => undefined }
      return { name, constant: found, parameter: -1, read: () => found }
    }
  }
}
