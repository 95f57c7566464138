/** `x-apigateway-responses`: sets of gateway responses of the group (openapi-extensions.md §4.1). */
import { listResponses } from '../../../store/gateway-responses.js'
import type { GatewayResponseRow } from '../../../store/schema.js'
import { gatewayResponseOperations } from '../../gateway-responses/operations.js'
import { entries, isNode, list, member, present, text } from '../node.js'
import type { DefinitionScope } from './definitions.js'
import { perform } from '../../perform.js'

const ALL = { offset: 0, limit: 500 }

/** An empty set says nothing about one that is there. @throws {Fault} as creating or changing the set does */
export async function responsesOf(scope: DefinitionScope, name: string, definition: unknown): Promise<string> {
  const { context, groupId: group_id } = scope
  const stored = await storedResponse(scope, name)
  const overrides = entries(definition).map(([type, response]) => [type, responseOf(response)])
  const body = { name, responses: Object.fromEntries(overrides) as Record<string, unknown> }
  if (stored === undefined) {
    const { body: made } = await perform(context, gatewayResponseOperations, 'createGatewayResponseV2', body, {
      group_id,
    })
    return made.id ?? ''
  }
  if (overrides.length > 0 && (scope.overrides || scope.isNewGroup)) {
    await perform(context, gatewayResponseOperations, 'updateGatewayResponseV2', body, {
      group_id,
      response_id: stored.id,
    })
  }
  return stored.id
}

export async function storedResponse(
  { context, groupId }: DefinitionScope,
  name: string,
): Promise<GatewayResponseRow | undefined> {
  const { rows } = await listResponses(context.db, groupId, ALL)
  return rows.find((row) => row.name === name)
}

/** Headers are a list of pairs, or an object. */
function responseOf(response: unknown): Record<string, unknown> {
  const headers = member(response, 'headers')
  const pairs = isNode(headers) ? entries(headers).map(([key, value]) => ({ key, value: text(value) })) : list(headers)
  return present({
    status: member(response, 'status'),
    body: text(member(response, 'body')),
    headers: headers === undefined || headers === null ? undefined : pairs,
  })
}
