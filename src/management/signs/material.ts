/** Keys and secrets that the server makes up where a client gives none; each has the form that its type demands. */
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { fault } from '../../contract/faults.js'
import { bodySchema } from '../../contract/request-body.js'
import { findProblem } from '../../contract/problem.js'
import { parameterFault } from '../../contract/parameter-faults.js'
import type { SignRow } from '../../store/schema.js'

/** A type with what signs requests of it, as far as it is given. */
export interface Material extends Pick<SignRow, 'sign_type' | 'sign_algorithm'> {
  readonly sign_key?: string | undefined
  readonly sign_secret?: string | undefined
}

interface CompleteMaterial extends Material {
  readonly sign_key: string
  readonly sign_secret: string
}

/**
 * The contract has the forms of each type, but judges a request by the type that it names. This judges by the type
 * that holds: the default one, or the one that a key has already.
 *
 * @throws {Fault} 400 2001 or 2011 with the member that does not fit
 */
export function materialFits({ sign_type, sign_algorithm, sign_key, sign_secret }: Material): void {
  if (sign_type !== 'aes' && sign_algorithm !== '') throw fault('APIG.2011', { name: 'sign_algorithm' })
  const schema = bodySchema('createSignatureKeyV2')
  if (schema === undefined) throw new Error('the contract does not describe signature keys')
  const completed = {
    name: 'any',
    sign_type,
    ...(sign_key !== undefined && { sign_key }),
    ...(sign_secret !== undefined && { sign_secret }),
    ...(sign_algorithm !== '' && { sign_algorithm }),
  }
  const problem = findProblem(schema, completed)
  if (problem !== undefined) throw parameterFault('createSignatureKeyV2', 'body', problem)
}

/**
 * Adds what was not given. One half of a key pair cannot be made to fit the other: for `public_key` both are given,
 * or none.
 *
 * @throws {Fault} 400 2001 with the half that is missing
 */
export async function completeMaterial(material: Material): Promise<CompleteMaterial> {
  const { sign_key, sign_secret } = material
  if (sign_key !== undefined && sign_secret !== undefined) return { ...material, sign_key, sign_secret }
  if (material.sign_type === 'public_key') {
    if (sign_key !== undefined) throw fault('APIG.2001', { name: 'sign_secret' })
    if (sign_secret !== undefined) throw fault('APIG.2001', { name: 'sign_key' })
    return { ...material, ...(await keyPair()) }
  }
  return { ...material, sign_key: sign_key ?? randomKey(material), sign_secret: sign_secret ?? randomSecret(material) }
}

function randomKey({ sign_type, sign_algorithm }: Material): string {
  // Hex digits, but the first character of a user name must be a letter.
  if (sign_type === 'basic') return `k${randomHex().slice(1)}`
  if (sign_type !== 'aes') return randomHex()
  // 16 or 32 characters: the cipher takes their bytes.
  return randomBytes(sign_algorithm === 'aes-128-cfb' ? 12 : 24).toString('base64')
}

const randomSecret = ({ sign_type }: Material): string =>
  sign_type === 'aes' ? randomBytes(12).toString('base64') : randomHex()

/** 128 random bits as 32 hex digits. */
const randomHex = (): string => randomBytes(16).toString('hex')

/** An RSA key pair: Base64 of SubjectPublicKeyInfo and PKCS #8, which is PEM without its first and last line. */
async function keyPair(): Promise<{ readonly sign_key: string; readonly sign_secret: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return { sign_key: publicKey.toString('base64'), sign_secret: privateKey.toString('base64') }
}
