/** The published examples and the cases at the edges of the rules, against validators and reply check. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { specification } from './document.js'
import { isFault } from './faults.js'
import { operations, type OperationId } from './generated/operations.js'
import { knownMembers } from './known-members.js'
import { findProblem } from './problem.js'
import { checkReply } from './reply-check.js'
import { requestInput } from './testing/requests.js'
import { validateRequest } from './validation.js'

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../spec/${name}`, import.meta.url), 'utf8'))
const examples = read('examples.json') as Partial<Record<OperationId, Readonly<Record<string, unknown[]>>>>
const boundaryCases = read('boundary-cases.json') as { schema: string; valid: boolean; value: unknown }[]
const ids = Object.keys(operations) as OperationId[]
const forms = ids.filter((id) => operations[id].body === 'multipart')

/** Replies of the published pages that are slips (spec/README.md): what is wrong with each. */
const slips: Record<string, RegExp> = {
  'createEnvironmentVariableV2 404': /^APIG.3003 has no form/,
  'listMemberGroups 404': /^APIG.3030 has no form/,
  'createApiV2 201': /^\/auth_opt\/auth_code_auth_type is not/,
  'listApisV2 200': /^\/apis\/\d\/auth_opt\/auth_code_auth_type is not/,
  'batchDeleteAclV2 400': /^APIG.2011 has no form/,
  'batchDeleteApiAclBindingV2 400': /^APIG.2011 has no form/,
  'batchDisassociateThrottlingPolicyV2 400': /^APIG.2011 has no form/,
  'batchPublishOrOfflineApiV2 400': /^APIG.2011 has no form/,
  'listVpcChannelsV2 400': /^APIG.2011 has no form/,
  'updateCertificateV2 400': /^APIG.3325 has no form/,
  // What the SDKs cannot read.
  'listInstanceConfigsV2 200': /^\/configs\/\d\/config_time must be string$/,
  'showDetailsOfInstanceV2 200': /^\/endpoint_services\/\d\/created_at must match pattern/,
}

describe('the published examples', () => {
  it('are accepted as requests', () => {
    let judged = 0
    for (const id of ids.filter((each) => !forms.includes(each)))
      for (const body of examples[id]?.['request'] ?? []) {
        expect(() => validateRequest(id, requestInput(id, { body })), `${id} ${JSON.stringify(body)}`).not.toThrow()
        judged += 1
      }
    expect(judged).toBeGreaterThan(100)
  })

  it('fit as replies, but for known slips', () => {
    let judged = 0
    const seen = new Set<string>()
    for (const id of ids)
      for (const [status, bodies] of Object.entries(examples[id] ?? {}))
        for (const body of status === 'request' ? [] : bodies) {
          const slip = slips[`${id} ${status}`]
          const problems = checkReply(id, Number(status), body)
          if (slip !== undefined && problems.some((problem) => slip.test(problem))) seen.add(`${id} ${status}`)
          expect(
            problems.filter((problem) => slip?.test(problem) !== true),
            `${id} ${status}`,
          ).toEqual([])
          judged += 1
        }
    expect(judged).toBeGreaterThan(1000)
    expect([...seen].toSorted()).toEqual(Object.keys(slips).toSorted())
  })
})

describe('the boundary cases', () => {
  it.each(boundaryCases.map((each, index) => [index, each] as const))(
    '%i: $1.schema',
    (_, { schema, valid, value }) => {
      const declared = specification().components.schemas[schema]
      expect(declared).toBeDefined()
      expect(findProblem(declared ?? {}, knownMembers(declared ?? {}, value)) === undefined).toBe(valid)
    },
  )
})

describe('bytes from outside', () => {
  const raisesFaultsOnly = (id: OperationId, body: Buffer, contentType: string) => {
    try {
      validateRequest(id, requestInput(id, { body, contentType }))
    } catch (error) {
      if (!isFault(error)) throw error
      // An edition that nobody knows is a thing that does not exist.
      expect(error.code === 'APIC.7301' ? 400 : error.status).toBe(400)
    }
  }
  const withBody = fc.constantFrom(...ids.filter((id) => operations[id].body !== 'none'))

  it('are accepted or refused with a fault, whatever they are', () => {
    fc.assert(
      fc.property(withBody, fc.uint8Array({ maxLength: 200 }), (id, bytes) =>
        raisesFaultsOnly(id, Buffer.from(bytes), 'multipart/form-data; boundary=x'),
      ),
    )
  })

  it('are so as JSON of any form', () => {
    fc.assert(
      fc.property(withBody, fc.jsonValue({ maxDepth: 4 }), (id, value) =>
        raisesFaultsOnly(id, Buffer.from(JSON.stringify(value)), 'application/json'),
      ),
    )
  })

  it('are so as an example in which one member was exchanged for anything', () => {
    const samples = ids.flatMap((id) => (examples[id]?.['request'] ?? []).map((body) => [id, body] as const))
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), fc.jsonValue({ maxDepth: 3 }), ([id, body], at, value) => {
        const names = Object.keys(body as object)
        const name = names[at % names.length] ?? 'other'
        raisesFaultsOnly(id, Buffer.from(JSON.stringify({ ...(body as object), [name]: value })), 'application/json')
      }),
      { numRuns: 500 },
    )
  })

  it('are so as query and path', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.dictionary(fc.string(), fc.string()), fc.string(), (id, query, text) => {
        const input = requestInput(id, { body: {} })
        const everything = Object.fromEntries(operations[id].queryParameters.map((name) => [name, text]))
        try {
          validateRequest(id, { ...input, query: { ...query, ...everything }, path: { project_id: text } })
        } catch (error) {
          if (!isFault(error)) throw error
        }
      }),
    )
  })
})
