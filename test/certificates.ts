/** Certificates for tests, made on the spot: good ones, and each kind of bad one. */
import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { AsnConvert, OctetString } from '@peculiar/asn1-schema'
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  BasicConstraints,
  Certificate,
  Extension,
  Extensions,
  GeneralName,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509'
import { toPem } from '../src/management/certificates/pem.js'

export interface CertificateSpec {
  /** Short names of attributes to values, in order. Default: a common name, the first of `san`. */
  readonly subject?: readonly (readonly [keyof typeof attributes, string])[]
  /** DNS names; none leaves the extension out. */
  readonly san?: readonly string[]
  /** Default: it signs itself. */
  readonly issuer?: TestCertificate
  readonly ca?: boolean
  readonly key?: KeyObject
  readonly serialNumber?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** What the signer signs; `sha1` for signers with a key on a curve. */
  readonly digest?: 'sha256' | 'sha1'
}

export interface TestCertificate {
  readonly pem: string
  readonly keyPem: string
  readonly key: KeyObject
  readonly subject: Name
}

const attributes = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
} as const

const ecdsa = { sha256: '1.2.840.10045.4.3.2', sha1: '1.2.840.10045.4.1' } as const

const DAY = 86_400_000

export const ecKey = (namedCurve = 'P-256'): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey
export const rsaKey = (modulusLength = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey

export function certificate(spec: CertificateSpec = {}): TestCertificate {
  const { san = ['www.example.com'], key = ecKey(), digest = 'sha256' } = spec
  const subject = nameOf(spec.subject ?? (san[0] === undefined ? [] : [['CN', san[0]]]))
  const signer = spec.issuer?.key ?? key
  const signature = new AlgorithmIdentifier({
    algorithm: signer.asymmetricKeyType === 'rsa' ? '1.2.840.113549.1.1.11' : ecdsa[digest],
    ...(signer.asymmetricKeyType === 'rsa' && { parameters: new Uint8Array([5, 0]).buffer }),
  })
  const extensions = [
    ...(san.length > 0 ? [extension('2.5.29.17', new SubjectAlternativeName(san.map(dnsName)))] : []),
    ...(spec.ca === true ? [extension('2.5.29.19', new BasicConstraints({ cA: true }))] : []),
  ]
  const toBeSigned = new TBSCertificate({
    version: Version.v3,
    serialNumber: bytes(Buffer.from(spec.serialNumber ?? `01${randomBytes(8).toString('hex')}`, 'hex')),
    signature,
    issuer: spec.issuer?.subject ?? subject,
    validity: new Validity({
      notBefore: spec.notBefore ?? new Date(Date.now() - DAY),
      notAfter: spec.notAfter ?? new Date(Date.now() + 365 * DAY),
    }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(publicKey(key), SubjectPublicKeyInfo),
    ...(extensions.length > 0 && { extensions: new Extensions(extensions) }),
  })
  const signatureValue = sign(digest, Buffer.from(AsnConvert.serialize(toBeSigned)), signer)
  const der = AsnConvert.serialize(
    new Certificate({
      tbsCertificate: toBeSigned,
      signatureAlgorithm: signature,
      signatureValue: bytes(signatureValue),
    }),
  )
  return { pem: toPem('CERTIFICATE', new Uint8Array(der)), keyPem: pkcs8(key), key, subject }
}

/** The body of an upload, as most tests send it. */
export function upload(name: string, { pem, keyPem }: TestCertificate, more: Readonly<Record<string, unknown>> = {}) {
  return { name, cert_content: pem, private_key: keyPem, ...more }
}

export const pkcs8 = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString()

const publicKey = (key: KeyObject): Buffer => createPublicKey(key).export({ format: 'der', type: 'spki' })

function nameOf(parts: NonNullable<CertificateSpec['subject']>): Name {
  return new Name(
    parts.map(
      ([type, value]) =>
        new RelativeDistinguishedName([
          new AttributeTypeAndValue({ type: attributes[type], value: new AttributeValue({ utf8String: value }) }),
        ]),
    ),
  )
}

const dnsName = (name: string): GeneralName => new GeneralName({ dNSName: name })

const extension = (extnID: string, value: unknown): Extension =>
  new Extension({ extnID, critical: false, extnValue: new OctetString(AsnConvert.serialize(value)) })

/** The library takes buffers that are nothing but the value. */
const bytes = (value: Buffer): ArrayBuffer => new Uint8Array(value).buffer
