/**
 * Secrets at rest: what the database holds is sealed with a key that lives beside it, in a file of the data directory
 * (`secret.key`, 32 random bytes, mode 0600). A copy of the database alone gives no secret away.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

export interface Vault {
  /** @param context what the secret belongs to, for instance `app:<id>`: it opens nowhere else. */
  seal(text: string, context: string): string
  /** @throws {VaultError} when the text was changed, or sealed for another context or with another key. */
  open(sealed: string, context: string): string
  /** Keyed digest, for unique look-ups of a secret that is stored sealed. */
  fingerprint(text: string): string
}

/** The message is for the person who runs the server. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
}

const KEY_FILE = 'secret.key'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Leads every sealed text, so that a later cipher can be told apart. */
const VERSION = 'v1.'

/**
 * Opens the vault of a data directory, and makes directory and key at first use.
 *
 * @throws {VaultError} when the key file can be read by others, is no file or has the wrong size.
 */
export function openVault(dataDirectory: string): Vault {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  return vaultOf(loadKey(join(dataDirectory, KEY_FILE)))
}

function vaultOf(master: Buffer): Vault {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', `sluice ${purpose}`, KEY_BYTES))
  const sealingKey = derive('seal')
  const fingerprintKey = derive('fingerprint')

  return {
    seal(text, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return VERSION + sealed.toString('base64url')
    },

    open(sealed, context) {
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url')
      // Buffer skips what is no Base64 and ignores left-over bits: only a text that it would write itself counts.
      if (VERSION + bytes.toString('base64url') !== sealed || bytes.length < NONCE_BYTES + TAG_BYTES)
        throw new VaultError(`the secret of ${context} is not a sealed text`)
      const end = bytes.length - TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(end))
      try {
        return decipher.update(bytes.subarray(NONCE_BYTES, end), undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw new VaultError(
          `the secret of ${context} cannot be opened: it was sealed with another ${KEY_FILE}, or it was changed`,
          { cause },
        )
      }
    },

    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('base64url'),
  }
}

function loadKey(path: string): Buffer {
  const key = readKey(path)
  if (key !== undefined) return key
  createKey(path)
  // Not the key just made: when two processes start at once, the file of the first is the one that counts.
  const made = readKey(path)
  if (made === undefined) throw new VaultError(`${path} vanished while it was made`)
  return made
}

function readKey(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new VaultError(`${path} cannot be read`, { cause: error })
  }
  try {
    const state = fstatSync(file)
    if (!state.isFile()) throw new VaultError(`${path} is not a file`)
    // Windows has no such bits; who may read the file follows there from the directory.
    if (process.platform !== 'win32' && (state.mode & 0o077) !== 0)
      throw new VaultError(`${path} can be read by others: run \`chmod 600 ${path}\``)
    if (state.size !== KEY_BYTES)
      throw new VaultError(`${path} has ${state.size} bytes instead of ${KEY_BYTES}: restore it from a backup`)
    const key = Buffer.alloc(KEY_BYTES)
    if (readSync(file, key, 0, KEY_BYTES, 0) !== KEY_BYTES) throw new VaultError(`${path} cannot be read`)
    return key
  } finally {
    closeSync(file)
  }
}

/** All or nothing: written elsewhere, flushed, then linked to its name, which fails when the name is taken. */
function createKey(path: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = openSync(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)
  try {
    writeSync(file, randomBytes(KEY_BYTES))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(draft, path)
    flushDirectory(join(path, '..'))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    unlinkSync(draft)
  }
}

function flushDirectory(path: string): void {
  // Windows cannot open a directory, and does not need to.
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
