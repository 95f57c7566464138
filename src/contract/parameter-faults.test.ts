/** The published 400 replies that name a parameter: the same code, with the same name, for a bad value of it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operations, type OperationId } from './generated/operations.js'
import { bodySchema } from './request-body.js'
import { operationShape, specification } from './document.js'
import { resolveSchema } from './specification.js'
import { refused } from './testing/requests.js'

interface Example {
  readonly id: OperationId
  readonly code: string
  readonly name: string
}

type Bodies = Partial<Record<OperationId, Readonly<Record<string, Record<string, unknown>[]>>>>
const examples = JSON.parse(readFileSync(new URL('../../spec/examples.json', import.meta.url), 'utf8')) as Bodies

const published = Object.keys(operations).flatMap((key): Example[] => {
  const id = key as OperationId
  return (examples[id]?.['400'] ?? []).flatMap(({ error_code: code, error_msg: message }) => {
    const name = /(?:parameterName:|name\[)(\w+)/.exec(String(message))?.[1]
    return /^(APIG\.201[12]|APIC\.7211)$/.test(String(code)) && name !== undefined
      ? [{ id, code: String(code), name }]
      : []
  })
})

/** Pages that name something the operation does not have, or show the text of another page. */
const misprints: ReadonlySet<string> = new Set([
  'batchAssociateDomainsV2 domain_id',
  'batchDisassociateDomainsV2 domain_id',
  'deleteCertificateV2 instance_id',
  'importMicroservice name',
  'listAttachedDomainsV2 dict_name',
  'listCertificatesV2 dict_name',
  'listEnvironmentVariablesV2 name',
  'listInstanceConfigsV2 instance_id',
  'listMetricData api_id',
  'listProjectCofigsV2 instance_id',
  'listSignatureKeysBindedToApiV2 api_name',
  'listVpcChannelsV2 name',
  'showDetailsOfApiGroupV2 name',
  'showDetailsOfCertificateV2 domain_id',
  'showDetailsOfCustomAuthorizersV2 type',
  'updateEnvironmentVariableV2 variable_name',
])

const bad = '*\0'

function withBad({ id, name }: Example): Parameters<typeof refused>[1] | undefined {
  const { path, query } = operationShape(id)
  const own = path.at(-1)?.name ?? ''
  const [example = {}] = examples[id]?.['request'] ?? []
  if (path.some((parameter) => parameter.name === name)) return { path: { [name]: bad }, body: example }
  const schema = bodySchema(id)
  const members = schema === undefined ? {} : (resolveSchema(schema, specification()).properties ?? {})
  const member = Object.keys(members).find((each) => each === name || camelCase(each) === name)
  if (member !== undefined) return { body: { ...example, [member]: members[member]?.type === 'array' ? [bad] : bad } }
  if (query.some((parameter) => parameter.name === name)) return { query: { [name]: bad } }
  return name === 'id' ? { path: { [own]: bad }, body: example } : undefined
}

const camelCase = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const titled = published.map((example) => [`${example.id} ${example.name}`, example] as const)

describe('the published parameter errors', () => {
  it.each(titled.filter(([title]) => !misprints.has(title)))('%s', (_, example) => {
    const given = withBad(example)
    if (given === undefined) throw new Error('the operation has no such parameter')
    const { code, message } = refused(example.id, given)
    expect([code, /(?:parameterName:|name\[)(\w+)/.exec(message)?.[1]]).toEqual([example.code, example.name])
  })

  it('are misprinted no more often than is known', () => {
    expect([...misprints].filter((title) => !titled.some(([each]) => each === title))).toEqual([])
  })
})
