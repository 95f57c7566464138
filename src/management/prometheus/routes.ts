/**
 * `GET /metrics` on the management listener, in Prometheus' text format. Whoever reaches the listener may read it, unless
 * a token is set: then it has to be shown, as `Authorization: Bearer <token>`.
 */
import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import { tokenCheck } from '../../snapshot/cluster-token.js'

export interface MetricsRouteOptions {
  readonly registry: Registry
  /** Absent: nobody is asked for one. */
  readonly token: string | undefined
}

/** Milliseconds for which a page is served again: whoever asks all the time costs no more than one who asks each second. */
const FRESH = 1_000

export function metricsRoute(app: FastifyInstance, { registry, token }: MetricsRouteOptions): void {
  const mayRead = token === undefined ? () => true : tokenCheck(token)
  let page: Promise<string> | undefined
  let madeAt = -Infinity

  app.get('/metrics', async (request, reply) => {
    if (!mayRead(request.headers.authorization))
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .type('text/plain')
        .send('the metrics token is missing\n')
    if (page === undefined || performance.now() - madeAt > FRESH) {
      madeAt = performance.now()
      page = registry.metrics()
      // A failure is this one's: the next one tries again.
      page.catch(() => (page = undefined))
    }
    return reply
      .header('cache-control', 'no-store')
      .type(registry.contentType)
      .send(await page)
  })
}
