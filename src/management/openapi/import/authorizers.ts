/** `x-apigateway-authorizer` of a security scheme: a custom authorizer (openapi-extensions.md §4.2). */
import { fault } from '../../../contract/faults.js'
import { listAuthorizers } from '../../../store/authorizers.js'
import type { AuthorizerRow } from '../../../store/schema.js'
import { authorizerOperations } from '../../authorizers/operations.js'
import { list, member, present, text, truth, upperText, type Node } from '../node.js'
import type { DefinitionScope } from './definitions.js'
import { perform } from '../../perform.js'

export interface ImportedAuthorizer {
  readonly id: string
  readonly type: AuthorizerRow['type']
}

const ALL = { offset: 0, limit: 500 }

/**
 * The authorizer that a scheme means: the one of its name, else one that is the same in all but its name, else a new
 * one. Undefined when the scheme means none, or one that is not described and not there.
 *
 * @throws {Fault} 400 2046, 2047, and as creating the authorizer does
 */
export async function authorizerOf(
  { context }: DefinitionScope,
  schemeName: string,
  scheme: Node,
): Promise<ImportedAuthorizer | undefined> {
  if (upperText(scheme['x-apigateway-auth-type']) !== 'AUTHORIZER') return undefined
  const { rows } = await listAuthorizers(context.db, context.instanceId, {}, ALL)
  const name = nameOf(schemeName)
  const named = rows.find((row) => row.name === schemeName)
  if (named !== undefined) return named
  const described = scheme['x-apigateway-authorizer']
  if (described === undefined || described === null) return rows.find((row) => row.name === name)
  timesAreRight(described)
  const body = bodyOf(name, described)
  const like = rows.find((row) => isLike(row, body))
  if (like !== undefined) return like
  const reply = await perform(context, authorizerOperations, 'createCustomAuthorizerV2', body)
  return { id: reply.body.id ?? '', type: body['type'] === 'BACKEND' ? 'BACKEND' : 'FRONTEND' }
}

function bodyOf(name: string, described: unknown): Record<string, unknown> {
  return present({
    name,
    type: upperText(member(described, 'type')) ?? 'FRONTEND',
    authorizer_type: upperText(member(described, 'authorizer_type')) ?? 'FUNC',
    authorizer_uri: text(member(described, 'authorizer_uri')),
    authorizer_version: text(member(described, 'authorizer_version')),
    authorizer_alias_uri: text(member(described, 'authorizer_alias_uri')),
    network_type: upperText(member(described, 'network_type')),
    ttl: member(described, 'ttl'),
    user_data: text(member(described, 'user_data')),
    need_body: truth(member(described, 'need_body')),
    identities: list(member(described, 'identities')).map((identity) =>
      present({
        name: text(member(identity, 'name')),
        location: upperText(member(identity, 'location')),
        validation: text(member(identity, 'validation')),
      }),
    ),
  })
}

/** Both are checked and then mean nothing here: an authorizer has no such settings in the management API. */
function timesAreRight(described: unknown): void {
  const [timeout, attempts] = [member(described, 'timeout'), member(described, 'retry_attempts')]
  if (!isWithin(timeout, 1, 60_000)) throw fault('APIG.2046')
  if (!isWithin(attempts, 0, 10)) throw fault('APIG.2047')
}

function isWithin(value: unknown, least: number, most: number): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function isLike(row: AuthorizerRow, body: Record<string, unknown>): boolean {
  return (
    row.type === body['type'] &&
    row.authorizer_uri === body['authorizer_uri'] &&
    row.ttl === (body['ttl'] ?? 0) &&
    row.identities === JSON.stringify(body['identities'] ?? [])
  )
}

/** Schemes may be called what authorizers may not. */
function nameOf(schemeName: string): string {
  return schemeName.replace(/[^A-Za-z0-9_\u4e00-\u9fa5]/g, '_')
}
