/** What a certificate says of itself, in the words in which the API repeats it. */
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, type AlgorithmIdentifier, type Name, SubjectAlternativeName } from '@peculiar/asn1-x509'

export interface CertificateFacts {
  readonly commonName: string
  /** DNS names of the subject's alternative names. */
  readonly san: readonly string[]
  readonly signatureAlgorithm: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  readonly details: CertificateDetails
}

/** Named as in replies. */
export interface CertificateDetails {
  /** 1 to 3. */
  readonly version: number
  readonly organization: readonly string[]
  readonly organizational_unit: readonly string[]
  readonly locality: readonly string[]
  readonly state: readonly string[]
  readonly country: readonly string[]
  /** Decimal. */
  readonly serial_number: string
  /** The issuer's organizations; its common name when it names none. */
  readonly issuer: readonly string[]
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const RSA_PSS = '1.2.840.113549.1.1.10'

/** @throws {Error} when the bytes are not a certificate */
export function certificateFacts(der: Uint8Array): CertificateFacts {
  const { tbsCertificate: certificate, signatureAlgorithm } = AsnConvert.parse(der, Certificate)
  const { subject, issuer, validity, extensions } = certificate
  const organizations = valuesOf(issuer, ORGANIZATION)
  return {
    commonName: valuesOf(subject, COMMON_NAME).at(-1) ?? '',
    san: Array.from(extensions ?? []).flatMap(({ extnID, extnValue }) =>
      extnID === SUBJECT_ALTERNATIVE_NAME ? dnsNames(extnValue.buffer) : [],
    ),
    signatureAlgorithm: nameOf(signatureAlgorithm),
    notBefore: validity.notBefore.getTime().getTime(),
    notAfter: validity.notAfter.getTime().getTime(),
    details: {
      version: certificate.version + 1,
      organization: valuesOf(subject, ORGANIZATION),
      organizational_unit: valuesOf(subject, '2.5.4.11'),
      locality: valuesOf(subject, '2.5.4.7'),
      state: valuesOf(subject, '2.5.4.8'),
      country: valuesOf(subject, '2.5.4.6'),
      serial_number: BigInt(`0x${Buffer.from(certificate.serialNumber).toString('hex') || '0'}`).toString(),
      issuer: organizations.length > 0 ? organizations : valuesOf(issuer, COMMON_NAME),
    },
  }
}

const valuesOf = (name: Name, type: string): string[] =>
  Array.from(name).flatMap((parts) =>
    Array.from(parts)
      .filter((part) => part.type === type)
      .map(({ value }) => value.toString()),
  )

const dnsNames = (extension: ArrayBuffer): string[] =>
  Array.from(AsnConvert.parse(extension, SubjectAlternativeName)).flatMap(({ dNSName }) => dNSName ?? [])

/** By object identifier, spelt as the reference's examples spell it. */
const algorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5-RSA',
  '1.2.840.113549.1.1.5': 'SHA1-RSA',
  '1.2.840.113549.1.1.11': 'SHA256-RSA',
  '1.2.840.113549.1.1.12': 'SHA384-RSA',
  '1.2.840.113549.1.1.13': 'SHA512-RSA',
  '1.2.840.10045.4.1': 'ECDSA-SHA1',
  '1.2.840.10045.4.3.2': 'ECDSA-SHA256',
  '1.2.840.10045.4.3.3': 'ECDSA-SHA384',
  '1.2.840.10045.4.3.4': 'ECDSA-SHA512',
  '1.3.101.112': 'Ed25519',
}

/** The identifiers of the digests in DER: the parameters of RSASSA-PSS start with one of them. */
const digests: readonly (readonly [string, Buffer])[] = [
  ['SHA256', Buffer.from('0609608648016503040201', 'hex')],
  ['SHA384', Buffer.from('0609608648016503040202', 'hex')],
  ['SHA512', Buffer.from('0609608648016503040203', 'hex')],
]

/** One without a name is called by its object identifier. */
function nameOf({ algorithm, parameters }: AlgorithmIdentifier): string {
  if (algorithm !== RSA_PSS) return algorithmNames[algorithm] ?? algorithm
  const bytes = Buffer.from(parameters ?? new ArrayBuffer(0))
  return `${digests.find(([, identifier]) => bytes.includes(identifier))?.[0] ?? 'SHA1'}-RSAPSS`
}
