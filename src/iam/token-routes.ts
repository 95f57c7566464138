import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { IamFault } from './iam-fault.js'
import { authenticated, headerOf, jsonBody, originOf } from './iam-request.js'
import type { IamDependencies } from './routes.js'
import { sourceNetwork } from './source-network.js'
import { parseTokenRequest } from './token-request.js'
import { tokenView } from './token-view.js'
import { issueToken, revokeToken, subjectToken, type KnownToken, type TokenDependencies } from './tokens.js'

const SUBJECT = 'x-subject-token'

/** `/v3/auth/tokens` (authentication.md §1). */
export function tokenRoutes(app: FastifyInstance, dependencies: IamDependencies & TokenDependencies): void {
  const { authenticate, settings } = dependencies

  const send = (request: FastifyRequest, reply: FastifyReply, { identity, token }: KnownToken, text: string) =>
    reply
      .header('X-Subject-Token', text)
      .type('application/json')
      .send(
        tokenView(identity, token, {
          origin: originOf(request),
          region: settings.region,
          withCatalog: !Object.hasOwn(request.query as object, 'nocatalog'),
        }),
      )

  app.post('/v3/auth/tokens', async (request, reply) => {
    const asked = parseTokenRequest(jsonBody(request))
    const issued = await issueToken(dependencies, asked, sourceNetwork(request.ip))
    return send(request, reply.code(201), issued, issued.text)
  })

  app.get('/v3/auth/tokens', async (request, reply) => {
    const { caller } = await authenticated(authenticate, request)
    const subject = subjectOf(request)
    return send(request, reply, await subjectToken(dependencies, caller, subject), subject)
  })

  app.delete('/v3/auth/tokens', async (request, reply) => {
    const { caller } = await authenticated(authenticate, request)
    const subject = subjectOf(request)
    await subjectToken(dependencies, caller, subject)
    await revokeToken(dependencies, subject)
    authenticate.forget(subject)
    return reply.code(204).send()
  })
}

function subjectOf(request: FastifyRequest): string {
  const subject = headerOf(request, SUBJECT)
  if (subject === '') throw new IamFault(400, 'The header X-Subject-Token is missing.')
  return subject
}
