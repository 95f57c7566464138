/** Terraform as far as a server can tell: what it does to one resource from `apply` to `destroy`. */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { sqlite } from '../engines.js'
import { management, type TestManagement } from '../management.js'
import { sortedJson } from './document.js'
import { golangsdk, UnexpectedStatus, type Golangsdk } from './golangsdk.js'

/** What a resource has, by the names of its schema. */
export type Attributes = Readonly<Record<string, unknown>>

export interface Resource<Config> {
  create(config: Config): Promise<string>
  /** Undefined, or a 404: it is gone. */
  read(id: string): Promise<Attributes | undefined>
  /** Without it, a change is a deletion and a creation. */
  update?(id: string, config: Config, before: Config): Promise<unknown>
  delete(id: string, config: Config): Promise<unknown>
  /** The id, from what a user gives to `terraform import`. */
  find?(config: Config): Promise<string>
}

export interface Provider extends AsyncDisposable {
  readonly sluice: TestManagement
  readonly sdk: Golangsdk
  /** `instances/{id}`, for the instance that is there. */
  readonly at: string
}

export async function provider(instanceJobDuration = 0): Promise<Provider> {
  return providerOf(await management(sqlite, { settings: { instanceJobDuration } }))
}

export function providerOf(sluice: TestManagement): Provider {
  const { projectId, identities } = sluice
  const key = { accessKey: identities.accessKey, secretKey: identities.secretKey }
  return {
    sluice,
    sdk: golangsdk({ url: sluice.url, projectId, domainId: identities.domainId, key }),
    at: `instances/${sluice.instanceId}`,
    [Symbol.asyncDispose]: () => sluice[Symbol.asyncDispose](),
  }
}

/** A set has no order: written here in the order of its texts, so that two can be compared. */
export const set = <T>(elements: readonly T[]): readonly T[] =>
  elements.toSorted((a, b) => (sortedJson(a) < sortedJson(b) ? -1 : 1))

/** What a plan would show: attributes that were configured and read back differently. */
export function plan(config: object, state: Attributes | undefined): Record<string, unknown> | 'create' {
  if (state === undefined) return 'create'
  const differing = Object.entries(config)
    .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, state[name]))
    .map(([name, value]) => [name, { configured: value as unknown, read: state[name] }] as const)
  return Object.fromEntries(differing)
}

export const readOf = <Config>(resource: Resource<Config>, id: string): Promise<Attributes | undefined> =>
  unlessGone(resource.read(id))

/** A 404 while reading or deleting is no error: the resource is not there. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (error instanceof UnexpectedStatus && error.status === 404) return undefined
    throw error
  }
}

/**
 * Applies the configurations one after another, and after each one wants an empty plan; imports what results and wants
 * the same state; deletes it behind Terraform's back and wants a plan that creates it again, which it does; destroys.
 * Returns what was read after the last configuration.
 */
export async function lifecycle<Config extends object>(
  resource: Resource<Config>,
  first: Config,
  ...changes: readonly Config[]
): Promise<Attributes> {
  let id = await resource.create(first)
  let config = first
  let state = await planIsEmpty(resource, id, config)
  for (const changed of changes) {
    if (resource.update === undefined) {
      await resource.delete(id, config)
      id = await resource.create(changed)
    } else await resource.update(id, changed, config)
    config = changed
    state = await planIsEmpty(resource, id, config)
  }

  const imported = resource.find === undefined ? id : await resource.find(config)
  expect(await readOf(resource, imported), 'imported').toEqual(state)

  await resource.delete(id, config)
  expect(plan(config, await readOf(resource, id)), 'deleted by someone else').toBe('create')
  await unlessGone(resource.delete(id, config))

  id = await resource.create(config)
  await planIsEmpty(resource, id, config)
  await resource.delete(id, config)
  expect(await readOf(resource, id), 'destroyed').toBeUndefined()
  return state
}

export async function planIsEmpty<Config extends object>(
  resource: Resource<Config>,
  id: string,
  config: Config,
): Promise<Attributes> {
  const state = await readOf(resource, id)
  expect(plan(config, state)).toEqual({})
  return state ?? {}
}

/** Polls at intervals of 20 s in the cloud; here until it is so. */
export async function poll<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read()
    if (isDone(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
