/** The account, user, project and keys that a new installation starts with, and further users. */
import type { Vault } from '../config/vault.js'
import { insertAccessKey, insertDomain, insertProject, insertUser } from '../store/iam.js'
import type { Database } from '../store/store.js'
import { accessKeyContext } from './authenticate.js'
import type { Role } from './caller.js'
import { hashPassword, type ScryptCost } from './password.js'
import { newAccessKey, newId, newPassword, newSecretKey } from './random-text.js'

export interface FirstIdentityOptions {
  /** Also the first project's name: SDKs look their project up by the region's name. */
  readonly region: string
  /** Milliseconds since the epoch. */
  readonly now: number
  // Generated when absent.
  readonly projectId?: string
  readonly accessKey?: string
  readonly secretKey?: string
  readonly adminPassword?: string
  /** Cheaper digests for tests. */
  readonly passwordCost?: ScryptCost
}

export interface FirstIdentities extends UserCredentials {
  readonly domainName: string
  readonly projectId: string
}

/** The one moment at which secrets are seen in clear. */
export interface UserCredentials {
  readonly domainId: string
  readonly userId: string
  readonly userName: string
  readonly password: string
  readonly accessKey: string
  readonly secretKey: string
}

export async function createFirstIdentities(
  db: Database,
  vault: Vault,
  options: FirstIdentityOptions,
): Promise<FirstIdentities> {
  const domain = { id: newId(), name: 'sluice', created_at: options.now }
  const project = { id: options.projectId ?? newId(), name: options.region, created_at: options.now }
  await insertDomain(db, domain)
  await insertProject(db, { ...project, domain_id: domain.id })
  const user = await createUser(db, vault, {
    ...options,
    domainId: domain.id,
    name: 'admin',
    role: 'full',
    ...(options.adminPassword === undefined ? {} : { password: options.adminPassword }),
  })
  return { ...user, domainName: domain.name, projectId: project.id }
}

export interface NewUser {
  readonly domainId: string
  /** Unique in the account. */
  readonly name: string
  readonly role: Role
  /** Milliseconds since the epoch. */
  readonly now: number
  // Generated when absent.
  readonly password?: string
  readonly accessKey?: string
  readonly secretKey?: string
  readonly passwordCost?: ScryptCost
}

/** A user with a password and one permanent access key. */
export async function createUser(db: Database, vault: Vault, user: NewUser): Promise<UserCredentials> {
  const credentials = {
    domainId: user.domainId,
    userId: newId(),
    userName: user.name,
    password: user.password ?? newPassword(),
    accessKey: user.accessKey ?? newAccessKey(),
    secretKey: user.secretKey ?? newSecretKey(),
  }
  await insertUser(db, {
    id: credentials.userId,
    domain_id: user.domainId,
    name: user.name,
    password_hash: await hashPassword(credentials.password, user.passwordCost),
    role: user.role,
    enabled: 1,
    created_at: user.now,
  })
  await insertAccessKey(db, {
    access_key: credentials.accessKey,
    user_id: credentials.userId,
    secret_sealed: vault.seal(credentials.secretKey, accessKeyContext(credentials.accessKey)),
    security_token_hash: null,
    expires_at: null,
    created_at: user.now,
  })
  return credentials
}
