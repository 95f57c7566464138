/** OpenAPI documents as people write them, and their way in and out. */
import type { TestManagement } from './management.js'
import { RELEASE } from './stage.js'

type Document = Record<string, unknown>

/** An operation of 2.0 with all that is mandatory, answered by a mock. */
export function operation(overrides: Document = {}): Document {
  return {
    'x-apigateway-request-type': 'public',
    'x-apigateway-match-mode': 'NORMAL',
    'x-apigateway-cors': false,
    'x-apigateway-backend': { type: 'MOCK', mockEndpoints: { 'result-content': 'mocked' } },
    responses: { default: { description: 'ok' } },
    ...overrides,
  }
}

export function swagger(paths: Document, overrides: Document = {}): Document {
  return { swagger: '2.0', info: { title: 'imported_group', version: '1' }, paths, ...overrides }
}

export interface Imported {
  readonly group_id: string
  readonly success: readonly {
    readonly id: string
    readonly method: string
    readonly path: string
    readonly action: string
  }[]
  readonly failure: readonly {
    readonly path: string
    readonly method: string
    readonly error_code: string
    readonly error_msg: string
  }[]
  readonly ignore: readonly { readonly method: string; readonly path: string }[]
  readonly swagger: { readonly id: string; readonly result: string }
}

const fileOf = (document: Document | string): string =>
  typeof document === 'string' ? document : JSON.stringify(document)

export function importing(
  sluice: TestManagement,
  document: Document | string,
  fields: Readonly<Record<string, string>> = {},
) {
  return sluice.call('importApiDefinitionsV2', { form: { ...fields, file_name: fileOf(document) } })
}

/** Imports, into a new group unless a group is named. */
export async function imported(
  sluice: TestManagement,
  document: Document | string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Imported> {
  const target = 'group_id' in fields ? { is_create_group: 'false' } : {}
  const form = { ...target, ...fields, file_name: fileOf(document) }
  return (await sluice.given('importApiDefinitionsV2', { form })) as Imported
}

/** The exported document, parsed. */
export async function exported(
  sluice: TestManagement,
  group_id: string,
  { version = '2.0', ...selection }: Readonly<Record<string, unknown>> = {},
): Promise<Document> {
  const body = { group_id, env_id: RELEASE, define: 'all', ...selection }
  const text = (await sluice.given('exportApiDefinitionsV2', {
    query: { oas_version: String(version) },
    body,
  })) as string
  return JSON.parse(text) as Document
}
