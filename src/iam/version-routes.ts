import type { FastifyInstance } from 'fastify'
import { originOf } from './iam-request.js'

/** Version discovery needs no credentials (authentication.md §4.3). */
export function versionRoutes(app: FastifyInstance): void {
  app.get('/', (request, reply) =>
    reply.type('application/json').send({ versions: { values: [version(originOf(request))] } }),
  )
  app.get('/v3', (request, reply) => reply.type('application/json').send({ version: version(originOf(request)) }))
}

const version = (origin: string) => ({
  id: 'v3.6',
  status: 'stable',
  updated: '2016-04-04T00:00:00Z',
  links: [{ rel: 'self', href: `${origin}/v3/` }],
  'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
})
