/**
 * Makes APIs of the operations of a document, each for itself: one that cannot be made is told beside the others, and
 * undoes nothing of them, since everything is checked before anything of it is written (openapi-extensions.md §2.2).
 */
import { fault, type Fault } from '../../../contract/faults.js'
import type { ApiCreate, ImportApiDefinitionsV2Response } from '../../../contract/generated/schemas.js'
import { apiAt, findApi } from '../../../store/apis.js'
import { setDraftBindings } from '../../../store/draft-bindings.js'
import { pathKey } from '../../apis/path.js'
import { createApi, replaceApi } from '../../apis/saving.js'
import type { OperationContext } from '../../operation.js'
import { bindingsOf, responseOf, type NamedBindings } from './bindings.js'
import { apiOf } from './definition.js'
import { attempt, importDefinitions } from './definitions.js'
import type { OpenApiFile } from './file.js'
import { targetGroup } from './group.js'
import type { ImportOptions } from './options.js'
import { operationsOf } from './paths.js'
import { namedThings } from './things.js'

type Filled<T> = { readonly [Name in keyof T]-?: NonNullable<T[Name]> }
export type ImportResult = Filled<ImportApiDefinitionsV2Response>

/** @throws {Fault} what concerns the whole document: 403 3127; 400 2044, 2045, 3201; 404 3001 */
export async function importFile(
  context: OperationContext,
  file: OpenApiFile,
  options: ImportOptions,
): Promise<ImportResult> {
  const operations = operationsOf(file)
  const { id: groupId, isNew } = await targetGroup(context, file, options.groupId)
  const scope = { context, file, groupId, overrides: options.overridesPolicies, isNewGroup: isNew }
  const definitions = await importDefinitions(scope)
  const things = await namedThings(context, definitions)
  const saving = new Saving(context, options.overridesApis)
  const result: ImportResult = {
    group_id: groupId,
    success: [],
    failure: definitions.failures.map(({ place, failure }) => failed({ path: place, method: '' }, failure)),
    ignore: [],
    swagger: { id: context.newId(), result: 'Success' },
  }
  for (const operation of operations) {
    const place = { path: operation.path, method: operation.method }
    const outcome = await attempt(async () => {
      if ('failure' in operation) throw operation.failure
      const response = await responseOf(definitions, operation)
      const bindings = await bindingsOf(definitions, operation)
      const api = { ...apiOf({ file, options, groupId, things }, operation), ...response.members }
      return { ...(await saving.save(api, bindings)), problems: [...response.problems, ...bindings.problems] }
    })
    if ('failure' in outcome) {
      result.failure.push(failed(place, outcome.failure))
      continue
    }
    const { action, id, problems, kept } = outcome.value
    if (kept !== undefined) {
      // Kept is what was wanted, and yet the file's API is not there: it is told as both.
      result.ignore.push({ method: place.method, path: place.path })
      result.failure.push(failed(place, kept))
      continue
    }
    result.success.push({ ...place, action, id })
    result.failure.push(...problems.map((problem) => failed(place, problem)))
  }
  if (result.success.length === 0 && result.failure.length > 0) result.swagger.result = 'Failed'
  return result
}

interface Saved {
  readonly action: 'create' | 'update'
  readonly id: string
  /** Why an API that was there already stayed as it was. */
  readonly kept?: Fault
}

/** One API after another; of two that cannot stand beside each other the first one stays. */
class Saving {
  readonly #addresses = new Map<string, string>()
  readonly #names = new Set<string>()

  constructor(
    private readonly context: OperationContext,
    private readonly overrides: boolean,
  ) {}

  async save(api: ApiCreate, bindings: NamedBindings): Promise<Saved> {
    const { db, instanceId } = this.context
    const address = { pathKey: pathKey(api.req_uri), matchMode: api.match_mode ?? 'NORMAL', method: api.req_method }
    const key = Object.values(address).join(' ')
    const before = this.#addresses.get(key) ?? (this.#names.has(api.name) ? api.name : undefined)
    if (before !== undefined) throw fault('APIG.3301', { name: before }, 'importItem')

    const there = await apiAt(db, api.group_id, address)
    if (there !== undefined && !this.overrides)
      return { action: 'update', id: there.id, kept: fault('APIG.3301', { name: there.name }, 'importItem') }
    const stored = there === undefined ? undefined : await findApi(db, instanceId, there.id)
    const document =
      stored === undefined ? await createApi(this.context, api, true) : await replaceApi(this.context, stored, api)
    await setDraftBindings(db, document.id, bindings.bindings)
    this.#addresses.set(key, api.name)
    this.#names.add(api.name)
    return { action: stored === undefined ? 'create' : 'update', id: document.id }
  }
}

const failed = (
  { path, method }: { readonly path: string; readonly method: string },
  { code, message }: Fault,
): ImportResult['failure'][number] => ({ path, method, error_code: code, error_msg: message })
