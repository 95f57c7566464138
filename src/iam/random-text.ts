import { createHash, randomBytes, randomInt } from 'node:crypto'

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const DIGITS = '0123456789'
const ALPHANUMERIC = UPPER + UPPER.toLowerCase() + DIGITS

const pick = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')

/** 32 lower-case hex digits. */
export const newId = (): string => randomBytes(16).toString('hex')
/** As the cloud makes them: 20 upper-case letters and digits. */
export const newAccessKey = (): string => pick(UPPER + DIGITS, 20)
/** 40 letters and digits: 238 bits. */
export const newSecretKey = (): string => pick(ALPHANUMERIC, 40)
/** 24 letters and digits: 142 bits. */
export const newPassword = (): string => pick(ALPHANUMERIC, 24)
/** 384 bits, 64 characters: tokens are found by their digest alone. */
export const newToken = (): string => randomBytes(48).toString('base64url')
/** 32 hex digits that are always the same for the same text: the id of something that has no record. */
export const digestId = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
