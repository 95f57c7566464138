/** The body of `POST /v3/auth/tokens` (authentication.md §1.1), reduced to what it asks for. */
import { z } from 'zod'
import type { Reference, UserReference } from '../store/iam.js'
import { IamFault } from './iam-fault.js'

export interface TokenRequest {
  readonly proof:
    | { readonly method: 'password'; readonly user: UserReference; readonly password: string }
    | { readonly method: 'token'; readonly token: string }
  readonly scope: Scope
}

export type Scope =
  /** The account of the user. */
  | { readonly kind: 'own-domain' }
  | { readonly kind: 'domain'; readonly domain: Reference }
  | { readonly kind: 'project'; readonly project: Reference; readonly domain?: Reference }

const name = z.string().max(255).optional()
const reference = z.object({ id: name, name })

const schema = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()).min(1).max(5),
      password: z
        .object({ user: reference.extend({ password: z.string().max(1024), domain: reference.optional() }) })
        .optional(),
      token: z.object({ id: z.string().max(4096) }).optional(),
      assume_role: z.looseObject({ agency_name: name, xrole_name: name }).optional(),
    }),
    scope: z
      .object({ project: reference.extend({ domain: reference.optional() }).optional(), domain: reference.optional() })
      .nullish(),
  }),
})

/** @throws {IamFault} 400 for what is malformed, 404 for an agency: this installation has none. */
export function parseTokenRequest(body: unknown): TokenRequest {
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw malformed(parsed.error)
  const { identity, scope } = parsed.data.auth
  return { proof: proofOf(identity), scope: scopeOf(scope ?? {}) }
}

type Body = z.infer<typeof schema>['auth']

function proofOf({ methods, password, token, assume_role: agency }: Body['identity']): TokenRequest['proof'] {
  const [method] = methods
  if (method === 'assume_role' || method === 'hw_assume_role') throw unknownAgency(agency)
  if (methods.length > 1 || (method !== 'password' && method !== 'token'))
    throw new IamFault(400, `The authentication methods ${methods.join(', ')} are not supported.`)
  if (method === 'token') {
    if (token === undefined || token.id === '') throw missing('auth.identity.token.id')
    return { method, token: token.id }
  }
  if (password === undefined) throw missing('auth.identity.password')
  const user = toReference(password.user)
  const domain = toReference(password.user.domain)
  if (user === undefined) throw missing('auth.identity.password.user.name')
  if ('name' in user && domain === undefined) throw missing('auth.identity.password.user.domain')
  return { method, user: { user, ...(domain && { domain }) }, password: password.user.password }
}

function scopeOf({ project, domain }: NonNullable<Body['scope']>): Scope {
  const ofDomain = toReference(domain)
  if (project === undefined)
    return ofDomain === undefined ? { kind: 'own-domain' } : { kind: 'domain', domain: ofDomain }
  if (domain !== undefined) throw new IamFault(400, 'A token is for a project or for a domain, not for both.')
  const ofProject = toReference(project)
  if (ofProject === undefined) throw missing('auth.scope.project.id')
  const owner = toReference(project.domain)
  return { kind: 'project', project: ofProject, ...(owner && { domain: owner }) }
}

/** An id says more than a name; Terraform sends empty texts for what it does not know. */
function toReference(given: z.infer<typeof reference> | undefined): Reference | undefined {
  if (given?.id) return { id: given.id }
  return given?.name ? { name: given.name } : undefined
}

export const malformed = (error: z.ZodError): IamFault => {
  const [issue] = error.issues
  const where = issue?.path.map(String).join('.') ?? ''
  return new IamFault(400, `Invalid input for field ${where === '' ? 'body' : where}: ${issue?.message ?? ''}`)
}

const missing = (field: string) => new IamFault(400, `${field} is missing.`)

export const unknownAgency = (agency?: { readonly agency_name?: unknown; readonly xrole_name?: unknown }): IamFault => {
  const named = agency?.agency_name ?? agency?.xrole_name
  return new IamFault(404, `Could not find agency${typeof named === 'string' ? `: ${named}` : ''}.`)
}
