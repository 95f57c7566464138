/**
 * Further load balancers of an instance: three routes that the contract does not have and Terraform calls (lifecycle.md
 * §1.10). They are records; each is let in as the operation on ingress ports that does the like.
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { fault } from '../contract/faults.js'
import { deleteElbs, elbsOfInstance, setElbs } from '../store/extra-elbs.js'
import type { Database } from '../store/store.js'
import { answerCall, type RouteDependencies, type Work } from './call.js'
import { refuseOtherMethods } from './routes.js'

export function extraElbRoutes(app: FastifyInstance, dependencies: RouteDependencies): void {
  app.get(URL, (request, reply) => answerCall('listCustomIngressPorts', request, reply, dependencies, list))
  app.post(URL, (request, reply) => answerCall('addCustomIngressPort', request, reply, dependencies, add))
  app.delete(URL, (request, reply) => answerCall('deleteCustomIngressPort', request, reply, dependencies, remove))
  refuseOtherMethods(app, URL, new Set(['GET', 'POST', 'DELETE']))
}

const URL = '/v2/:project_id/apigw/instances/:instance_id/extra-elbs'

const list: Work = async (_call, { db, instanceId }) => ({ status: 200, body: await elbsView(db, instanceId) })

const add: Work = async ({ rawBody }, { db, instanceId, now }) => {
  const { elb_details } = bodyOf(added, rawBody, 'elbDetails')
  // Of several details of one load balancer the last one counts.
  const flags = new Map(elb_details.map(({ id, force_overwrite_enabled }) => [id, force_overwrite_enabled]))
  await setElbs(
    db,
    [...flags].map(([id, force]) => ({
      instance_id: instanceId,
      elb_id: id,
      force_overwrite_enabled: force === true ? 1 : 0,
      created_at: now,
    })),
  )
  return { status: 201, body: await elbsView(db, instanceId) }
}

/** Those that are not there are gone already. */
const remove: Work = async ({ rawBody }, { db, instanceId }) => {
  const { elb_ids } = bodyOf(removed, rawBody, 'elbIds')
  await deleteElbs(db, instanceId, elb_ids)
  return { status: 204 }
}

const MOST = 100
const elbId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const added = z.object({
  elb_details: z
    .array(z.object({ id: elbId, force_overwrite_enabled: z.boolean().nullish() }))
    .min(1)
    .max(MOST),
})
const removed = z.object({ elb_ids: z.array(elbId).min(1).max(MOST) })

/** The body, or 400 APIC.7211 with the name of its only member: `body` when it is not JSON. */
function bodyOf<Body>(shape: z.ZodType<Body>, rawBody: Buffer, name: string): Body {
  const result = shape.safeParse(readJson(rawBody))
  if (!result.success) throw fault('APIC.7211', { name })
  return result.data
}

function readJson(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString())
  } catch (error) {
    if (error instanceof SyntaxError) throw fault('APIC.7211', { name: 'body' })
    throw error
  }
}

const elbsView = async (db: Database, instanceId: string) => ({
  elbs: (await elbsOfInstance(db, instanceId)).map((id) => ({ elb_id: id })),
})
