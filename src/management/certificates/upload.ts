/**
 * What an uploaded certificate must be before it is kept: something that a gateway can present, with the key that
 * belongs to it (lifecycle.md §3.3, errors.md §7). Texts are measured before they are parsed.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import type { CertificateForm } from '../../contract/generated/schemas.js'
import { certificateFacts, type CertificateFacts } from './certificate-facts.js'
import { pemBlocks, toPem, type PemBlock } from './pem.js'

export type Upload = Pick<CertificateForm, 'cert_content' | 'private_key' | 'trusted_root_ca' | 'algorithm_type'>
type AlgorithmType = 'RSA' | 'ECC'

/** An upload that was found good, in the form in which it is kept. */
export interface Material {
  /** PEM, the leaf first. */
  readonly content: string
  /** PKCS #8 in PEM. */
  readonly privateKey: string
  /** PEM; empty when there is none. */
  readonly trustedRootCa: string
  readonly algorithmType: AlgorithmType
  readonly rootCaAlgorithmType: AlgorithmType | ''
  readonly facts: CertificateFacts
}

/** Characters: three times what the longest chains in use have. */
const LONGEST_CHAIN = 65_536
const LONGEST_KEY = 16_384
const MOST_CERTIFICATES = 10
/** Clients whose clock counts seconds in 32 bits take a later end for the past. */
const END_OF_32_BITS = Date.UTC(2038, 0, 19, 3, 14, 7)
const curves: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1']
/** The curve of SM2 in DER (1.2.156.10197.1.301): keys of it are read, but have no type and serve no TLS. */
const SM2_CURVE = Buffer.from('06082a811ccf5501822d', 'hex')
/** Bits of an RSA modulus: shorter ones TLS refuses, longer ones slow every handshake down. */
const rsaBits = { least: 2048, most: 8192 }

/**
 * @param now milliseconds since the epoch
 * @throws {Fault} 400 2011 too long, 2101 key of another certificate, 2102 expired, 2104 chain or root CA, 2105
 *   encrypted key, 2106 unreadable or unusable, 2109 no name at all, 3148 ends too late; 409 3709 SM2, or another
 *   algorithm than was said
 */
export function acceptUpload(upload: Upload, now: number): Material {
  const { cert_content: content, private_key: key, trusted_root_ca: ca = '' } = upload
  if (upload.algorithm_type === 'SM2') throw fault('APIG.3709')
  if (content.length > LONGEST_CHAIN) throw fault('APIG.2011', { name: 'cert_content' })
  if (key.length > LONGEST_KEY) throw fault('APIG.2011', { name: 'private_key' })
  if (ca.length > LONGEST_CHAIN) throw fault('APIG.2011', { name: 'trusted_root_ca' })

  const privateKey = readPrivateKey(key)
  const algorithmType = algorithmTypeOf(privateKey)
  const chain = readChain(content)
  const [leaf] = chain
  if (leaf === undefined) throw fault('APIG.2106')
  if (!leaf.checkPrivateKey(privateKey)) throw fault('APIG.2101')
  if (upload.algorithm_type !== undefined && upload.algorithm_type !== algorithmType) throw fault('APIG.3709')
  const facts = readFacts(leaf)
  if (facts.notAfter > END_OF_32_BITS) throw fault('APIG.3148')
  if (facts.san.length === 0 && facts.commonName === '') throw fault('APIG.2109')
  isChain(chain)
  for (const certificate of chain) {
    isNotExpired(certificate, now)
    isSignedWell(certificate)
  }
  const roots = readRoots(ca, now)

  const material = {
    content: chain.map(({ raw }) => toPem('CERTIFICATE', raw)).join(''),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    trustedRootCa: roots.map(({ raw }) => toPem('CERTIFICATE', raw)).join(''),
  }
  const [root] = roots
  return {
    ...material,
    algorithmType,
    rootCaAlgorithmType: root === undefined ? '' : algorithmTypeOf(root.publicKey),
    facts,
  }
}

function readPrivateKey(text: string): KeyObject {
  // Tools write the curve of a key as a block of its own in front of it.
  const blocks = pemBlocks(text)?.filter(({ label }) => label !== 'EC PARAMETERS')
  const [block] = blocks ?? []
  if (block === undefined || blocks?.length !== 1) throw fault('APIG.2106')
  if (block.encrypted) throw fault('APIG.2105')
  const type = keyTypes.get(block.label)
  if (type === undefined) throw fault('APIG.2106')
  if (block.der.includes(SM2_CURVE)) throw fault('APIG.3709')
  return orUnreadable(() => createPrivateKey({ key: block.der, format: 'der', type }))
}

const keyTypes: ReadonlyMap<string, 'pkcs8' | 'pkcs1' | 'sec1'> = new Map([
  ['PRIVATE KEY', 'pkcs8'],
  ['RSA PRIVATE KEY', 'pkcs1'],
  ['EC PRIVATE KEY', 'sec1'],
])

function readChain(text: string): X509Certificate[] {
  const blocks = pemBlocks(text)
  if (blocks === undefined || blocks.length === 0 || blocks.length > MOST_CERTIFICATES) throw fault('APIG.2106')
  return blocks.map(readCertificate)
}

function readCertificate({ label, der }: PemBlock): X509Certificate {
  if (label !== 'CERTIFICATE') throw fault('APIG.2106')
  return orUnreadable(() => {
    const certificate = new X509Certificate(der)
    // What follows the certificate in the block is not it; what was judged is what is kept.
    if (!certificate.raw.equals(der)) throw fault('APIG.2106')
    return certificate
  })
}

function readFacts({ raw }: X509Certificate): CertificateFacts {
  const facts = orUnreadable(() => certificateFacts(raw))
  const { commonName, san, details } = facts
  const { organization, organizational_unit: unit, locality, state, country, issuer } = details
  // Names are shown, compared and logged: there is nothing invisible in them.
  const texts = [commonName, ...san, ...organization, ...unit, ...locality, ...state, ...country, ...issuer]
  if (texts.some((text) => /\p{Cc}/u.test(text))) throw fault('APIG.2106')
  return facts
}

/** @throws {Fault} 400 2106 for what TLS does not serve with */
function algorithmTypeOf({ asymmetricKeyType: type, asymmetricKeyDetails: details = {} }: KeyObject): AlgorithmType {
  if (type === 'rsa' || type === 'rsa-pss') {
    const { modulusLength: bits = 0 } = details
    if (bits >= rsaBits.least && bits <= rsaBits.most) return 'RSA'
  }
  if (type === 'ec' && curves.includes(details.namedCurve)) return 'ECC'
  throw fault('APIG.2106')
}

/** Each certificate was issued by the one after it. */
function isChain(chain: readonly X509Certificate[]): void {
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1]
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) throw fault('APIG.2104')
  })
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function isNotExpired(certificate: X509Certificate, now: number): void {
  if (Date.parse(certificate.validTo) <= now) throw fault('APIG.2102')
}

/** TLS takes no signature by a broken digest; that of a certificate on itself says nothing, and nobody checks it. */
function isSignedWell(certificate: X509Certificate): void {
  if (isSelfSigned(certificate)) return
  const { signatureAlgorithm } = readFacts(certificate)
  if (/^(MD5|SHA1)-|-SHA1$/.test(signatureAlgorithm)) throw fault('APIG.2106')
}

/** What client certificates are verified with: authorities, or certificates that signed themselves. */
function readRoots(text: string, now: number): X509Certificate[] {
  if (text === '') return []
  let roots: X509Certificate[]
  try {
    roots = readChain(text)
    for (const root of roots) algorithmTypeOf(root.publicKey)
  } catch {
    throw fault('APIG.2104')
  }
  for (const root of roots) {
    if (!root.ca && !isSelfSigned(root)) throw fault('APIG.2104')
    isNotExpired(root, now)
  }
  return roots
}

function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)
  } catch {
    return false
  }
}

function orUnreadable<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw fault('APIG.2106')
  }
}
