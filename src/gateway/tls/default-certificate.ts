/**
 * What a gateway presents to clients that name no server, or one that has no certificate: certificates that it has
 * signed itself, one for each kind of key, made once per data directory.
 */
import { generateKeyPairSync, createPublicKey, randomBytes, sign, X509Certificate, type KeyObject } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AsnConvert } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  Certificate,
  Name,
  RelativeDistinguishedName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'

/** PEM. */
export interface KeyPair {
  /** The leaf first. */
  readonly chain: string
  readonly privateKey: string
}

const FILE = 'default-certificate.pem'
const DAY = 86_400_000
const LIFE = 10 * 365 * DAY
const COMMON_NAME = '2.5.4.3'
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11'
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2'
/** ASN.1 NULL, which RSA's algorithm identifiers have for parameters (RFC 4055 §5). */
const NULL = new Uint8Array([5, 0]).buffer

/**
 * Those that the data directory has, made at first use (`default-certificate.pem`, mode 0600). Processes that start at
 * the same time get the same.
 *
 * @throws when the file cannot be read, or is not what was written
 */
export function loadDefaultCertificates(dataDir: string): KeyPair[] {
  const file = join(dataDir, FILE)
  return read(file) ?? (keep(file, makeCertificates()), read(file) ?? [])
}

function read(file: string): KeyPair[] | undefined {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g) ?? []
  const pairs: KeyPair[] = []
  for (let at = 0; at + 1 < blocks.length; at += 2) {
    pairs.push({ chain: blocks[at] ?? '', privateKey: blocks[at + 1] ?? '' })
  }
  if (pairs.length === 0) throw new Error(`${file}: holds no certificate; remove it to have a new one made`)
  return pairs
}

/** A file that is there is complete: it gets its name when it has its content, unless another process was first. */
function keep(file: string, pairs: readonly KeyPair[]): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  const text = pairs.map(({ chain, privateKey }) => chain + privateKey).join('')
  writeFileSync(draft, text, { flag: 'wx', mode: 0o600, flush: true })
  try {
    linkSync(draft, file)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    rmSync(draft)
  }
}

/** Some clients can do only one of the two. */
export function makeCertificates(): KeyPair[] {
  const { privateKey: onCurve } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return [onCurve, rsa].map((key) => ({
    chain: selfSigned(key),
    privateKey: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
  }))
}

function selfSigned(key: KeyObject): string {
  const name = new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new AttributeValue({ utf8String: 'Sluice default' }) }),
    ]),
  ])
  const signature =
    key.asymmetricKeyType === 'rsa'
      ? new AlgorithmIdentifier({ algorithm: SHA256_WITH_RSA, parameters: NULL })
      : new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const now = Date.now()
  const toBeSigned = new TBSCertificate({
    version: Version.v3,
    // Positive, and never twice the same.
    serialNumber: exactly(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    signature,
    issuer: name,
    // Clocks differ.
    validity: new Validity({ notBefore: new Date(now - DAY), notAfter: new Date(now + LIFE) }),
    subject: name,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey, SubjectPublicKeyInfo),
  })
  const signatureValue = sign('sha256', Buffer.from(AsnConvert.serialize(toBeSigned)), key)
  const certificate = new Certificate({
    tbsCertificate: toBeSigned,
    signatureAlgorithm: signature,
    signatureValue: exactly(signatureValue),
  })
  return new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))).toString()
}

/** The library takes buffers that are nothing but the value. */
const exactly = (value: Buffer): ArrayBuffer => new Uint8Array(value).buffer
