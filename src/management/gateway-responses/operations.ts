import { fault } from '../../contract/faults.js'
import type { GatewayResponseType } from '../../contract/generated/schemas.js'
import {
  countResponsesOf,
  deleteResponse,
  findResponse,
  insertResponse,
  listResponses,
  responseNameIsTaken,
  updateResponse,
} from '../../store/gateway-responses.js'
import type { GatewayResponseRow } from '../../store/schema.js'
import type { Handlers, OperationContext } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { theGroup } from '../references.js'
import { isOverride, overridesOf, type Overrides } from './overrides.js'
import { createdResponse, readResponse, typeView, updatedResponse } from './views.js'

export const gatewayResponseOperations = {
  async createGatewayResponseV2({ path: { group_id }, body }, context) {
    const { db, instanceId, now } = context
    await theGroup(context, group_id)
    areOverrides(body.responses)
    await nameIsFree(context, group_id, body.name)
    await withinQuota(context, 'RESPONSE_NUM_LIMIT', await countResponsesOf(db, group_id))
    const row: GatewayResponseRow = {
      id: context.newId(),
      instance_id: instanceId,
      group_id,
      name: body.name,
      is_default: 0,
      responses: JSON.stringify(body.responses ?? {}),
      created_at: now,
      updated_at: now,
    }
    await insertResponse(db, row)
    context.changed(`group:${group_id}`)
    return { status: 201, body: createdResponse(row) }
  },

  async listGatewayResponsesV2({ path, query }, context) {
    await theGroup(context, path.group_id)
    const { total, rows } = await listResponses(context.db, path.group_id, query)
    return { status: 200, body: { total, size: rows.length, responses: rows.map(readResponse) } }
  },

  async showDetailsOfGatewayResponseV2({ path }, context) {
    return { status: 200, body: readResponse(await theResponse(context, path)) }
  },

  /** Replaces all: a type that is not sent is what it is by default. */
  async updateGatewayResponseV2({ path, body }, context) {
    const before = await theResponse(context, path)
    areOverrides(body.responses)
    if (before.is_default === 1 && body.name !== before.name) throw fault('APIG.3492')
    await nameIsFree(context, before.group_id, body.name, before.id)
    const row = await overridden(context, { ...before, name: body.name }, body.responses ?? {})
    return { status: 200, body: updatedResponse(row) }
  },

  async deleteGatewayResponseV2({ path }, context) {
    const row = await theResponse(context, path)
    if (row.is_default === 1) throw fault('APIG.3491')
    for (const { api_id, env_id } of await deleteResponse(context.db, row))
      context.changed(`publication:${api_id}/${env_id}`)
    context.changed(`group:${row.group_id}`)
    return { status: 204 }
  },

  async showDetailsOfGatewayResponseTypeV2({ path }, context) {
    return { status: 200, body: typeView(await theResponse(context, path), typeOf(path)) }
  },

  async updateGatewayResponseTypeV2({ path, body }, context) {
    const before = await theResponse(context, path)
    isOverride(body)
    const row = await overridden(context, before, { ...overridesOf(before), [typeOf(path)]: body })
    return { status: 200, body: typeView(row, typeOf(path)) }
  },

  async deleteGatewayResponseTypeV2({ path }, context) {
    const before = await theResponse(context, path)
    const { [typeOf(path)]: _reset, ...others } = overridesOf(before)
    await overridden(context, before, others)
    return { status: 204 }
  },
} satisfies Handlers

async function overridden(
  { db, changed, now }: OperationContext,
  before: GatewayResponseRow,
  overrides: Overrides,
): Promise<GatewayResponseRow> {
  const row = { ...before, responses: JSON.stringify(overrides), updated_at: now }
  await updateResponse(db, row)
  changed(`group:${row.group_id}`)
  return row
}

function areOverrides(responses: Overrides = {}): void {
  for (const response of Object.values(responses)) isOverride(response ?? {})
}

/** The contract has checked it: no other reaches a handler. */
const typeOf = ({ response_type }: { readonly response_type: string }): GatewayResponseType =>
  response_type as GatewayResponseType

async function theResponse(
  context: OperationContext,
  { group_id, response_id: id }: { readonly group_id: string; readonly response_id: string },
): Promise<GatewayResponseRow> {
  await theGroup(context, group_id)
  const row = await findResponse(context.db, group_id, id)
  if (row === undefined) throw fault('APIG.3088', { id })
  return row
}

async function nameIsFree({ db }: OperationContext, groupId: string, name: string, exceptId?: string): Promise<void> {
  if (await responseNameIsTaken(db, groupId, name, exceptId)) throw fault('APIG.3216')
}
