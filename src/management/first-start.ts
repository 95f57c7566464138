/**
 * What a new installation needs before anyone can call it: an account with a user and keys, a project, and one
 * instance. Created once; later starts find it and change nothing.
 */
import { randomBytes } from 'node:crypto'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config/settings.js'
import type { Vault } from '../config/vault.js'
import { createFirstIdentities } from '../iam/first-identities.js'
import type { Store } from '../store/store.js'
import { provisionInstance } from './instances/provision.js'

/** The file that a person, a script and `sluice call` read. */
export interface Credentials {
  readonly endpoint: string
  readonly region: string
  readonly domain_name: string
  readonly user_name: string
  readonly password: string
  readonly project_id: string
  readonly access_key: string
  readonly secret_key: string
  readonly instance_id: string
}

const credentialsPath = (dataDirectory: string): string => join(dataDirectory, 'credentials.json')

/**
 * Resolves to the credentials when this start created them, else to `undefined`. The file is written inside the
 * transaction: either both the records and the file exist, or neither does.
 */
export async function firstStart(
  store: Store,
  vault: Vault,
  settings: Settings,
  endpoint: string,
  now: number,
): Promise<Credentials | undefined> {
  return store.write(['iam'], async ({ db, changed }) => {
    const existing = await db.selectFrom('iam_domains').select('id').limit(1).executeTakeFirst()
    if (existing !== undefined) return undefined

    const identities = await createFirstIdentities(db, vault, {
      region: settings.region,
      now,
      ...(settings.projectId === undefined ? {} : { projectId: settings.projectId }),
      ...(settings.accessKey === undefined ? {} : { accessKey: settings.accessKey }),
      ...(settings.secretKey === undefined ? {} : { secretKey: settings.secretKey }),
      ...(settings.adminPassword === undefined ? {} : { adminPassword: settings.adminPassword }),
    })
    const instanceId = settings.instanceId ?? randomBytes(16).toString('hex')
    await provisionInstance(db, changed, {
      id: instanceId,
      projectId: identities.projectId,
      userId: identities.userId,
      name: 'sluice-default',
      now,
    })
    const credentials: Credentials = {
      endpoint,
      region: settings.region,
      domain_name: identities.domainName,
      user_name: identities.userName,
      password: identities.password,
      project_id: identities.projectId,
      access_key: identities.accessKey,
      secret_key: identities.secretKey,
      instance_id: instanceId,
    }
    await writePrivate(credentialsPath(settings.dataDir), `${JSON.stringify(credentials, undefined, 2)}\n`)
    return credentials
  })
}

/** Whole or not at all, readable by the owner alone. */
async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
