/** `x-apigateway-authorizer` of a security scheme: a custom authorizer (openapi-extensions.md §4.2). */
import { acceptBody } from '../../../contract/validation.js'
import { fault } from '../../../contract/faults.js'
import { listAuthorizers, updateAuthorizerCalls } from '../../../store/authorizers.js'
import type { AuthorizerCalls, AuthorizerRow } from '../../../store/schema.js'
import { attributes, authorizerOperations, DEFAULT_CALLS } from '../../authorizers/operations.js'
import type { OperationContext } from '../../operation.js'
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
 * @throws {Fault} 400 2046, 2047, 2012 `auth_downgrade_enabled`, and as creating or changing the authorizer does
 */
export async function authorizerOf(
  { context, overrides }: DefinitionScope,
  schemeName: string,
  scheme: Node,
): Promise<ImportedAuthorizer | undefined> {
  if (upperText(scheme['x-apigateway-auth-type']) !== 'AUTHORIZER') return undefined
  const { rows } = await listAuthorizers(context.db, context.instanceId, {}, ALL)
  const name = nameOf(schemeName)
  const named = rows.find((row) => row.name === schemeName) ?? rows.find((row) => row.name === name)
  const described = scheme['x-apigateway-authorizer']
  if (described === undefined || described === null || (named !== undefined && !overrides)) return named
  const calls = callsOf(described)
  const body = acceptBody('createCustomAuthorizerV2', bodyOf(named?.name ?? name, described))
  if (named !== undefined) {
    await perform(context, authorizerOperations, 'updateCustomAuthorizerV2', body, { authorizer_id: named.id })
    return withCalls(context, named, calls)
  }
  const meant = comparable({ ...attributes(body), ...calls })
  const like = rows.find((row) => comparable(row) === meant)
  if (like !== undefined) return like
  const reply = await perform(context, authorizerOperations, 'createCustomAuthorizerV2', body)
  return withCalls(context, { id: reply.body.id ?? '', type: body.type }, calls)
}

/** What the operations of authorizers cannot say. */
async function withCalls(
  { db }: OperationContext,
  { id, type }: ImportedAuthorizer,
  calls: AuthorizerCalls,
): Promise<ImportedAuthorizer> {
  await updateAuthorizerCalls(db, id, calls)
  return { id, type }
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

function callsOf(described: unknown): AuthorizerCalls {
  const timeout = member(described, 'timeout') ?? DEFAULT_CALLS.timeout
  const attempts = member(described, 'retry_attempts') ?? DEFAULT_CALLS.retry_attempts
  const isRelaxed = truth(member(described, 'auth_downgrade_enabled') ?? false)
  if (!isWithin(timeout, 1, 60_000)) throw fault('APIG.2046')
  if (!isWithin(attempts, 0, 10)) throw fault('APIG.2047')
  if (typeof isRelaxed !== 'boolean') throw fault('APIG.2012', { name: 'auth_downgrade_enabled' })
  return { timeout, retry_attempts: attempts, auth_downgrade_enabled: isRelaxed ? 1 : 0 }
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

type Described = Omit<AuthorizerRow, 'id' | 'instance_id' | 'created_at'>

/** All that an authorizer is but for its name, as a text. */
function comparable(row: Described): string {
  // Written by the operations of authorizers: an identity without validation may say so by null.
  const identities = JSON.parse(row.identities) as { name: string; location: string; validation?: string | null }[]
  return JSON.stringify([
    ...[row.type, row.authorizer_type, row.authorizer_uri, row.authorizer_version, row.authorizer_alias_uri],
    ...[row.network_type, row.ttl, row.user_data, row.need_body],
    ...[row.timeout, row.retry_attempts, row.auth_downgrade_enabled],
    identities.map(({ name, location, validation }) => [name, location, validation || null]),
  ])
}

/** Schemes may be called what authorizers may not. */
function nameOf(schemeName: string): string {
  return schemeName.replace(/[^A-Za-z0-9_\u4e00-\u9fa5]/g, '_')
}
