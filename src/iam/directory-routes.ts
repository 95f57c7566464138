/** Accounts, projects, users and regions, as far as clients look them up (authentication.md §4.1, §4.2). */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { findProject, findUser, insertProject, listProjects, listUsers } from '../store/iam.js'
import type { Identity, Project } from '../store/iam.js'
import { FORBIDDEN, IamFault } from './iam-fault.js'
import { authenticated, jsonBody, originOf, queryOf } from './iam-request.js'
import { newId } from './random-text.js'
import type { IamDependencies } from './routes.js'
import { malformed } from './token-request.js'

const newProject = z.object({
  project: z.object({
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
    domain_id: z.string().optional(),
  }),
})

export function directoryRoutes(app: FastifyInstance, { store, authenticate, settings, clock }: IamDependencies): void {
  const callerOf = async (request: FastifyRequest) => (await authenticated(authenticate, request)).caller

  const projects = async (request: FastifyRequest) => {
    const { domainId } = await callerOf(request)
    const found = isElsewhere(request, domainId)
      ? []
      : await store.read((db) => listProjects(db, domainId, queryOf(request, 'name')))
    return { projects: found.map((project) => projectView(project, originOf(request))), links: links(request) }
  }
  // SDKs and Terraform ask the first for the project of a region and take nothing but exactly one.
  app.get('/v3/projects', projects)
  app.get('/v3/auth/projects', projects)

  app.get<{ Params: { id: string } }>('/v3/projects/:id', async (request) => {
    const { domainId } = await callerOf(request)
    const project = await store.read((db) => findProject(db, request.params, domainId))
    if (project === undefined) throw notFound('project', request.params.id)
    return { project: projectView(project, originOf(request)) }
  })

  // The Node SDK creates the project of a region when it found none.
  app.post('/v3/projects', async (request, reply) => {
    const { domainId, role } = await callerOf(request)
    if (role !== 'full') throw new IamFault(403, FORBIDDEN)
    const parsed = newProject.safeParse(jsonBody(request))
    if (!parsed.success) throw malformed(parsed.error)
    const { name, domain_id: owner = domainId } = parsed.data.project
    if (owner !== domainId) throw new IamFault(403, FORBIDDEN)
    const project = { id: newId(), name, domainId }
    const inserted = await store.write([], ({ db }) =>
      insertProject(db, { id: project.id, name, domain_id: domainId, created_at: clock() }),
    )
    if (!inserted) throw new IamFault(409, `Conflict: there is a project named ${name} already.`)
    return reply.code(201).send({ project: projectView(project, originOf(request)) })
  })

  app.get('/v3/auth/domains', async (request) => {
    const { domainId, domainName } = await callerOf(request)
    const self = `${originOf(request)}/v3/domains/${domainId}`
    const domain = { id: domainId, name: domainName, enabled: true, description: '', links: { self } }
    return { domains: [domain], links: links(request) }
  })

  app.get('/v3/users', async (request) => {
    const { domainId } = await callerOf(request)
    const users = await store.read((db) => listUsers(db, domainId, queryOf(request, 'name')))
    const enabled = queryOf(request, 'enabled')
    const shown = isElsewhere(request, domainId, 'domain_id')
      ? []
      : users.filter((user) => enabled === undefined || String(user.enabled) === enabled)
    return { users: shown.map((user) => userView(user, originOf(request))), links: links(request) }
  })

  app.get<{ Params: { id: string } }>('/v3/users/:id', async (request) => {
    const { domainId } = await callerOf(request)
    const user = await store.read((db) => findUser(db, { user: request.params, domain: { id: domainId } }))
    if (user === undefined) throw notFound('user', request.params.id)
    return { user: userView(user.identity, originOf(request)) }
  })

  const region = (request: FastifyRequest) => ({
    id: settings.region,
    type: 'public',
    description: '',
    parent_region_id: null,
    locales: { 'en-us': settings.region, 'zh-cn': settings.region },
    links: { self: `${originOf(request)}/v3/regions/${settings.region}` },
  })

  app.get('/v3/regions', async (request) => {
    await callerOf(request)
    return { regions: [region(request)], links: links(request) }
  })

  app.get<{ Params: { id: string } }>('/v3/regions/:id', async (request) => {
    await callerOf(request)
    if (request.params.id !== settings.region) throw notFound('region', request.params.id)
    return { region: region(request) }
  })

  // Terraform's check of the site: it looks at the status alone.
  app.get('/v2/products/service-types', async (request) => {
    await callerOf(request)
    return { total_count: 0, service_types: [] }
  })
}

/** Whether the filters of a list exclude everything that the caller's account has. */
function isElsewhere(request: FastifyRequest, domainId: string, ...only: string[]): boolean {
  const excludes: Readonly<Record<string, (value: string) => boolean>> = {
    domain_id: (value) => value !== domainId,
    parent_id: (value) => value !== domainId,
    enabled: (value) => value !== 'true',
    is_domain: (value) => value !== 'false',
  }
  return Object.entries(excludes)
    .filter(([name]) => only.length === 0 || only.includes(name))
    .some(([name, isExcluded]) => {
      const value = queryOf(request, name)
      return value !== undefined && isExcluded(value)
    })
}

const projectView = ({ id, name, domainId }: Project, origin: string) => ({
  id,
  name,
  domain_id: domainId,
  parent_id: domainId,
  is_domain: false,
  enabled: true,
  description: '',
  links: { self: `${origin}/v3/projects/${id}` },
})

const userView = ({ userId, userName, domainId, enabled }: Identity, origin: string) => ({
  id: userId,
  name: userName,
  domain_id: domainId,
  enabled,
  description: '',
  password_expires_at: null,
  links: { self: `${origin}/v3/users/${userId}` },
})

/** Any other `next` than null would be followed. */
const links = (request: FastifyRequest) => ({ self: originOf(request) + request.url, next: null, previous: null })

const notFound = (kind: string, id: string) => new IamFault(404, `Could not find ${kind}: ${id}.`)
