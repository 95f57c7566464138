/**
 * HMAC-SHA256 (RFC 2104) with a key that is prepared once. Two one-shot hashes take 0.9 µs of CPU; `createHmac` takes
 * 1.5 µs, for the stream and the context that it makes of each text, which the garbage collector has to end, too.
 */
import { hash, timingSafeEqual } from 'node:crypto'

/** Bytes: of a block of SHA-256, and of what it gives. */
const BLOCK = 64
const DIGEST = 32

/** For texts that are not too long: hashing is over before anyone else writes to it. */
const scratch = Buffer.allocUnsafeSlow(1024)
/** The part of it that was used last: texts that are signed for a request are all equally long. */
let used = scratch

const made = Buffer.alloc(2 * DIGEST)
const shown = Buffer.alloc(2 * DIGEST)

export class HmacKey {
  readonly #inner: Buffer
  /** Followed by room for the inner digest. */
  readonly #outer = Buffer.alloc(BLOCK + DIGEST)

  /** @param secret used as bytes of UTF-8 */
  constructor(secret: string) {
    const bytes = Buffer.from(secret, 'utf8')
    const key = Buffer.alloc(BLOCK)
    if (bytes.length > BLOCK) key.write(hash('sha256', bytes, 'hex'), 'hex')
    else bytes.copy(key)
    this.#inner = Buffer.from(key.map((byte) => byte ^ 0x36))
    this.#outer.set(key.map((byte) => byte ^ 0x5c))
  }

  /**
   * @param text octets, one per character
   * @returns 64 lower-case hexadecimal digits
   */
  sign(text: string): string {
    const message = messageOf(BLOCK + text.length)
    message.set(this.#inner)
    message.write(text, BLOCK, 'latin1')
    this.#outer.write(hash('sha256', message, 'binary'), BLOCK, 'latin1')
    return hash('sha256', this.#outer, 'hex')
  }

  /**
   * In a time that tells nothing about the right signature.
   *
   * @param signature as `sign` gives it, from whoever claims to have the key
   */
  verifies(text: string, signature: string): boolean {
    if (signature.length !== shown.length) return false
    made.write(this.sign(text), 'latin1')
    shown.write(signature, 'latin1')
    return timingSafeEqual(made, shown)
  }
}

function messageOf(length: number): Buffer {
  if (length > scratch.length) return Buffer.allocUnsafeSlow(length)
  if (used.length !== length) used = scratch.subarray(0, length)
  return used
}
