/**
 * What a document defines beside its operations: policies, plug-ins, gateway responses, authorizers. Each becomes what
 * the operation of its family would make of it; one that cannot be made is a failure beside the others.
 */
import { isFault, type Fault } from '../../../contract/faults.js'
import type { OperationContext } from '../../operation.js'
import { entries, member } from '../node.js'
import { accessControl, storedAccessControl } from './access-controls.js'
import { authorizerOf, type ImportedAuthorizer } from './authorizers.js'
import type { OpenApiFile } from './file.js'
import { pluginOf, storedPlugin } from './plugins.js'
import { rateLimitOf, storedRateLimit } from './rate-limits.js'
import { responsesOf, storedResponse } from './responses.js'
import { securitySchemes } from './security.js'

export interface DefinitionScope {
  readonly context: OperationContext
  readonly file: OpenApiFile
  readonly groupId: string
  /** Whether what has the name already takes the form of the file. */
  readonly overrides: boolean
  /** Whether the group was made by this import: what it has was not anybody's choice yet. */
  readonly isNewGroup: boolean
}

/** The place of a definition and why it was not taken. */
export interface DefinitionFailure {
  readonly place: string
  readonly failure: Fault
}

export interface Definitions {
  readonly failures: readonly DefinitionFailure[]
  /** Ids by name: of the file first, then of what is stored. */
  throttle(name: string): Promise<string | undefined>
  acl(name: string): Promise<string | undefined>
  plugin(name: string): Promise<string | undefined>
  response(name: string): Promise<string | undefined>
  /** Authorizers by security scheme; a fault when one could not be made. */
  readonly authorizers: ReadonlyMap<string, ImportedAuthorizer | Fault>
}

type Make = (scope: DefinitionScope, name: string, definition: unknown) => Promise<string>

export async function importDefinitions(scope: DefinitionScope): Promise<Definitions> {
  const failures: DefinitionFailure[] = []
  const made = async (extension: string, make: Make): Promise<ReadonlyMap<string, string>> => {
    const ids = new Map<string, string>()
    for (const [name, definition] of definedIn(scope.file, extension)) {
      const outcome = await attempt(() => make(scope, name, definition))
      if ('failure' in outcome) failures.push({ place: `${extension}/${name}`, failure: outcome.failure })
      else ids.set(name, outcome.value)
    }
    return ids
  }
  const throttles = await made('x-apigateway-ratelimits', rateLimitOf)
  const acls = await made('x-apigateway-access-controls', accessControl)
  const plugins = await made('x-apigateway-plugins', pluginOf)
  const responses = await made('x-apigateway-responses', responsesOf)
  const authorizers = new Map<string, ImportedAuthorizer | Fault>()
  for (const [name, scheme] of securitySchemes(scope.file)) {
    const outcome = await attempt(() => authorizerOf(scope, name, scheme))
    if ('failure' in outcome) authorizers.set(name, outcome.failure)
    else if (outcome.value !== undefined) authorizers.set(name, outcome.value)
  }
  return {
    failures,
    authorizers,
    throttle: async (name) => throttles.get(name) ?? (await storedRateLimit(scope.context, name))?.id,
    acl: async (name) => acls.get(name) ?? (await storedAccessControl(scope.context, name))?.id,
    plugin: async (name) => plugins.get(name) ?? (await storedPlugin(scope.context, name))?.id,
    response: async (name) => responses.get(name) ?? (await storedResponse(scope, name))?.id,
  }
}

/** In 3.x they stand at the root or among the components. */
function definedIn({ root }: OpenApiFile, extension: string): [string, unknown][] {
  return [...entries(member(member(root, 'components'), extension)), ...entries(member(root, extension))]
}

export async function attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly failure: Fault }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (isFault(error)) return { failure: error }
    throw error
  }
}
