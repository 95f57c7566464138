/** Security schemes and requirements, as authentication of an API (openapi-extensions.md §4.2). */
import { fault } from '../../../contract/faults.js'
import { entries, isNode, list, member, resolve, text, type Node } from '../node.js'
import type { OpenApiFile } from './file.js'

/** How callers of an API prove who they are, and who is asked about them. */
export interface Authentication {
  readonly authType: 'NONE' | 'APP' | 'IAM' | 'AUTHORIZER'
  readonly takesAppCode: boolean
  /** Names of schemes. */
  readonly authorizer: string | undefined
  readonly backendAuthorizer: string | undefined
}

interface Scheme {
  readonly name: string
  readonly authType: 'APP' | 'IAM' | 'AUTHORIZER'
  readonly takesAppCode: boolean
  readonly isBackend: boolean
}

const authTypes = new Map<string | undefined, Scheme['authType']>([
  ['APPSIGV1', 'APP'],
  ['APP', 'APP'],
  ['IAM', 'IAM'],
  ['AUTHORIZER', 'AUTHORIZER'],
])

const OPEN: Authentication = {
  authType: 'NONE',
  takesAppCode: false,
  authorizer: undefined,
  backendAuthorizer: undefined,
}

/** Schemes of a document with what they declare as their authorizer, if they do. */
export function securitySchemes({ version, root }: OpenApiFile): [string, Node][] {
  const declared =
    version === '2.0' ? member(root, 'securityDefinitions') : member(member(root, 'components'), 'securitySchemes')
  return entries(declared).flatMap(([name, value]): [string, Node][] => {
    const scheme = resolve(root, value)
    return isNode(scheme) ? [[name, scheme]] : []
  })
}

/**
 * Of several alternatives the first counts. A scheme that says nothing of this gateway makes the operation fail, or, in
 * a simple import, is left out.
 *
 * @param isBackendAuthorizer whether the authorizer of a scheme is asked by back ends
 * @throws {Fault} 400 2012 `security`, 2001 `x-apigateway-auth-type`
 */
export function authenticationOf(
  file: OpenApiFile,
  operation: Node,
  {
    isSimple,
    isBackendAuthorizer,
  }: { readonly isSimple: boolean; readonly isBackendAuthorizer: (name: string) => boolean },
): Authentication {
  const [requirement] = list(member(operation, 'security') ?? member(file.root, 'security'))
  const declared = new Map(securitySchemes(file))
  const schemes = entries(requirement).flatMap(([name]) => {
    const scheme = readScheme(name, declared.get(name), isBackendAuthorizer, isSimple)
    return scheme === undefined ? [] : [scheme]
  })
  const front = schemes.filter(({ isBackend }) => !isBackend)
  const authorizer = front.find(({ authType }) => authType === 'AUTHORIZER')?.name
  const first = front.find(({ authType }) => authType !== 'AUTHORIZER')
  return {
    ...OPEN,
    authType: first?.authType ?? (authorizer === undefined ? 'NONE' : 'AUTHORIZER'),
    takesAppCode: first?.takesAppCode === true,
    authorizer,
    backendAuthorizer: schemes.find(({ isBackend }) => isBackend)?.name,
  }
}

function readScheme(
  name: string,
  declared: Node | undefined,
  isBackendAuthorizer: (name: string) => boolean,
  isSimple: boolean,
): Scheme | undefined {
  const said = text(declared?.['x-apigateway-auth-type'])
  const authType = authTypes.get(said?.toUpperCase())
  if (authType === undefined) {
    if (isSimple) return undefined
    throw declared === undefined || said !== undefined
      ? fault('APIG.2012', { name: declared === undefined ? 'security' : 'x-apigateway-auth-type' })
      : fault('APIG.2001', { name: 'x-apigateway-auth-type' })
  }
  const option = text(member(declared?.['x-apigateway-auth-opt'], 'appcode-auth-type'))
  return {
    name,
    authType,
    takesAppCode: option?.toLowerCase() === 'header',
    isBackend: authType === 'AUTHORIZER' && isBackendAuthorizer(name),
  }
}
