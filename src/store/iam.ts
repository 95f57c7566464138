/** Who may call the management API: accounts (domains), their users and projects, access keys and tokens. */
import type { AccessKeyRow, DomainRow, ProjectRow, TokenRow, UserRow } from './schema.js'
import type { Database } from './store.js'

export interface Identity {
  readonly userId: string
  readonly userName: string
  readonly domainId: string
  readonly domainName: string
  readonly role: UserRow['role']
  readonly enabled: boolean
}

export interface Project {
  readonly id: string
  readonly name: string
  readonly domainId: string
}

export interface AccessKey {
  readonly accessKey: string
  readonly secretSealed: string
  /** Set for temporary keys only, together with `expiresAt`. */
  readonly securityTokenHash: string | undefined
  readonly expiresAt: number | undefined
  readonly createdAt: number
}

export interface Token {
  /** Absent in a token for the whole account. */
  readonly project: Project | undefined
  readonly methods: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
}

/** By id, or by a value that is unique where it is looked for. */
export type Reference = { readonly id: string } | { readonly name: string }

export async function insertDomain(db: Database, row: DomainRow): Promise<void> {
  await db.insertInto('iam_domains').values(row).execute()
}

export async function insertUser(db: Database, row: UserRow): Promise<void> {
  await db.insertInto('iam_users').values(row).execute()
}

export async function insertAccessKey(db: Database, row: AccessKeyRow): Promise<void> {
  await db.insertInto('iam_access_keys').values(row).execute()
}

/** Resolves to false when the account already has a project of that name. */
export async function insertProject(db: Database, row: ProjectRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('iam_projects')
    .values(row)
    .onConflict((conflict) => conflict.columns(['domain_id', 'name']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function insertToken(db: Database, row: TokenRow): Promise<void> {
  await db.insertInto('iam_tokens').values(row).execute()
}

export interface UserReference {
  readonly user: Reference
  /** Needed with a name: names are unique inside an account only. */
  readonly domain?: Reference
}

export async function findUser(
  db: Database,
  { user, domain }: UserReference,
): Promise<{ readonly identity: Identity; readonly passwordHash: string } | undefined> {
  let query = identities(db).select('iam_users.password_hash')
  if ('id' in user) query = query.where('iam_users.id', '=', user.id)
  else if (domain === undefined) return undefined
  else query = query.where('iam_users.name', '=', user.name)
  if (domain !== undefined)
    query =
      'id' in domain ? query.where('iam_domains.id', '=', domain.id) : query.where('iam_domains.name', '=', domain.name)
  const row = await query.executeTakeFirst()
  return row && { identity: toIdentity(row), passwordHash: row.password_hash }
}

/** Users of one account, by name. */
export async function listUsers(db: Database, domainId: string, name?: string): Promise<Identity[]> {
  let query = identities(db).where('iam_domains.id', '=', domainId).orderBy('iam_users.name')
  if (name !== undefined) query = query.where('iam_users.name', '=', name)
  return (await query.execute()).map(toIdentity)
}

export async function findAccessKey(
  db: Database,
  accessKey: string,
): Promise<{ readonly key: AccessKey; readonly identity: Identity } | undefined> {
  const row = await identities(db)
    .innerJoin('iam_access_keys', 'iam_access_keys.user_id', 'iam_users.id')
    .selectAll('iam_access_keys')
    .where('access_key', '=', accessKey)
    .executeTakeFirst()
  return row && { key: toAccessKey(row), identity: toIdentity(row) }
}

/** Permanent keys of a user, oldest first. */
export async function listAccessKeys(db: Database, userId: string): Promise<AccessKey[]> {
  const rows = await db
    .selectFrom('iam_access_keys')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', 'is', null)
    .orderBy('created_at')
    .orderBy('access_key')
    .execute()
  return rows.map(toAccessKey)
}

export async function findToken(
  db: Database,
  tokenHash: string,
): Promise<{ readonly token: Token; readonly identity: Identity } | undefined> {
  const row = await identities(db)
    .innerJoin('iam_tokens', 'iam_tokens.user_id', 'iam_users.id')
    .leftJoin('iam_projects', 'iam_projects.id', 'iam_tokens.project_id')
    .select([
      'methods',
      'issued_at',
      'expires_at',
      'iam_projects.id as project_id',
      'iam_projects.name as project_name',
    ])
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const project =
    row.project_id === null || row.project_name === null
      ? undefined
      : { id: row.project_id, name: row.project_name, domainId: row.domain_id }
  const token = {
    project,
    methods: JSON.parse(row.methods) as string[],
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
  }
  return { token, identity: toIdentity(row) }
}

export async function deleteToken(db: Database, tokenHash: string): Promise<void> {
  await db.deleteFrom('iam_tokens').where('token_hash', '=', tokenHash).execute()
}

/** Tokens and temporary keys whose time was over at `before`. */
export async function deleteExpired(db: Database, before: number): Promise<void> {
  await db.deleteFrom('iam_tokens').where('expires_at', '<', before).execute()
  await db.deleteFrom('iam_access_keys').where('expires_at', '<', before).execute()
}

export async function findProject(db: Database, project: Reference, domainId: string): Promise<Project | undefined> {
  const row = await db
    .selectFrom('iam_projects')
    .selectAll()
    .where('domain_id', '=', domainId)
    .where('id' in project ? 'id' : 'name', '=', 'id' in project ? project.id : project.name)
    .executeTakeFirst()
  return row && toProject(row)
}

/** Projects of one account, oldest first. */
export async function listProjects(db: Database, domainId: string, name?: string): Promise<Project[]> {
  let query = db.selectFrom('iam_projects').selectAll().where('domain_id', '=', domainId)
  if (name !== undefined) query = query.where('name', '=', name)
  return (await query.orderBy('created_at').orderBy('id').execute()).map(toProject)
}

const identities = (db: Database) =>
  db
    .selectFrom('iam_users')
    .innerJoin('iam_domains', 'iam_domains.id', 'iam_users.domain_id')
    .select([
      'iam_users.id as user_id',
      'iam_users.name as user_name',
      'iam_users.role',
      'iam_users.enabled',
      'iam_domains.id as domain_id',
      'iam_domains.name as domain_name',
    ])

interface IdentityColumns {
  readonly user_id: string
  readonly user_name: string
  readonly domain_id: string
  readonly domain_name: string
  readonly role: UserRow['role']
  readonly enabled: UserRow['enabled']
}

const toIdentity = (row: IdentityColumns): Identity => ({
  userId: row.user_id,
  userName: row.user_name,
  domainId: row.domain_id,
  domainName: row.domain_name,
  role: row.role,
  enabled: row.enabled === 1,
})

const toAccessKey = (row: AccessKeyRow): AccessKey => ({
  accessKey: row.access_key,
  secretSealed: row.secret_sealed,
  securityTokenHash: row.security_token_hash ?? undefined,
  expiresAt: row.expires_at ?? undefined,
  createdAt: row.created_at,
})

const toProject = (row: ProjectRow): Project => ({ id: row.id, name: row.name, domainId: row.domain_id })
