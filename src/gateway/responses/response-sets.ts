/**
 * What a group answers errors with in its own words (responses.md §2): its response sets, compiled once for each change
 * of the group. A request keeps the sets of the moment in which its group was found.
 */
import type { GroupPart, ResponseSet } from '../../snapshot/parts.js'
import { isHeaderValue, isWritableHeader } from '../backends/header-lines.js'
import type { Exchange } from '../exchange.js'
import { hasNoContent } from '../reply.js'
import { utf8Bytes } from '../percent-encoding.js'
import { compileTemplate, type ErrorFacts, type Template } from './template.js'

export interface CompiledResponse {
  /** `undefined`: the status of the error. */
  readonly status: number | undefined
  /** `undefined`: the default body. */
  readonly body: Template | undefined
  /** Header lines, each ended by CRLF; among them a Content-Type, unless the status has no content. */
  headers(exchange: Exchange, error: ErrorFacts): string
}

type ResponseOverride = ResponseSet['overrides'][string]
type CompiledSet = ReadonlyMap<string, CompiledResponse>

const EMPTY: CompiledSet = new Map()

export class ResponseSets {
  readonly #byId = new Map<string, CompiledSet>()
  #default = EMPTY

  private constructor(sets: readonly ResponseSet[]) {
    for (const { id, isDefault, overrides } of sets) {
      const set: CompiledSet = new Map(Object.entries(overrides).map(([type, one]) => [type, compileResponse(one)]))
      this.#byId.set(id, set)
      if (isDefault) this.#default = set
    }
  }

  /** `undefined` for a group that overrides nothing. */
  static of({ responseSets = [] }: GroupPart): ResponseSets | undefined {
    return responseSets.length === 0 ? undefined : new ResponseSets(responseSets)
  }

  /**
   * How an error of a type is answered; `undefined`: as by default.
   *
   * @param id the set that the API names; without one, and where there is none of that id, it is the default set
   */
  find(id: string | undefined, type: string): CompiledResponse | undefined {
    const set = id === undefined ? this.#default : (this.#byId.get(id) ?? this.#default)
    return set.get(type)
  }
}

const DEFAULT_TYPE = 'Content-Type: application/json\r\n'

function compileResponse({ status, body, headers = [] }: ResponseOverride): CompiledResponse {
  const written = headers.filter(({ key }) => mayWrite(key))
  const isTyped =
    (status !== undefined && hasNoContent(status)) || written.some(({ key }) => key.toLowerCase() === 'content-type')
  const templates = written.map(({ key, value }) => ({ key, value: compileTemplate(value) }))
  return {
    status,
    body: body === undefined ? undefined : compileTemplate(body),
    headers(exchange, error) {
      let lines = isTyped ? '' : DEFAULT_TYPE
      for (const { key, value } of templates) {
        const text = utf8Bytes(value(exchange, error, asIs))
        // A value that could end its line is left out with its header.
        if (isHeaderValue(text)) lines += `${key}: ${text}\r\n`
      }
      return lines
    },
  }
}

const asIs = (text: string): string => text

/** Not what belongs to the gateway, whatever a set says (§2.2, §4). */
function mayWrite(name: string): boolean {
  return isWritableHeader(name) && !/^(?:x-apig-.*|access-control-.*|x-request-id|server|date)$/i.test(name)
}
