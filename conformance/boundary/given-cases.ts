/** `spec/boundary-cases.json`: bodies of which the contract says whether they are in order, sent to their operations. */
import { bodyWith } from './cases.js'
import { specificationFile, type Operation } from './contract.js'
import type { BaseRequest, Stage } from './stage.js'

export interface GivenCase {
  readonly operation: Operation
  readonly title: string
  readonly valid: boolean
  readonly request: BaseRequest
}

interface Line {
  readonly schema: string
  readonly valid: boolean
  readonly value: Readonly<Record<string, unknown>>
}

/** Each at the first operation whose body has the schema. */
export function givenCases(operations: readonly Operation[], stage: Stage): GivenCase[] {
  const lines = specificationFile('boundary-cases.json') as readonly Line[]
  return lines.map(({ schema, valid, value }, index) => {
    for (const operation of operations) {
      const base = stage.requestFor(operation)
      const known = knownIds(value, stage)
      // An acceptable value may leave out what the rules of the resource ask for; one that is not must not be helped.
      const body = bodyWith(operation, stage, schema, known)
      if (body === undefined) continue
      const helped = body === known && valid ? { ...(base.body as object), ...known } : body
      const title = `boundary-cases.json ${index}: ${schema} ${JSON.stringify(value).slice(0, 100)}`
      return { operation, title, valid, request: { ...base, body: helped } }
    }
    throw new Error(`no operation takes ${schema}`)
  })
}

/** Ids of one letter stand for any that are there. */
function knownIds(value: Line['value'], stage: Stage): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name.endsWith('_id') && typeof member === 'string' && member.length === 1
        ? stage.sampleOf(name, { type: 'string' })
        : member,
    ]),
  )
}
