import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  certificate,
  ecKey,
  pkcs8,
  rsaKey,
  type CertificateSpec,
  type TestCertificate,
} from '../../../test/certificates.js'
import { isFault } from '../../contract/faults.js'
import { pemBlocks, toPem } from './pem.js'
import { acceptUpload, type Upload } from './upload.js'

const now = Date.now()
const DAY = 86_400_000

const upload = ({ pem, keyPem }: TestCertificate, more: Partial<Upload> = {}): Upload => ({
  cert_content: pem,
  private_key: keyPem,
  ...more,
})

/** `status code` of the refusal; anything else that is thrown is a defect. */
function refusal(form: Upload): string {
  try {
    acceptUpload(form, now)
    return 'accepted'
  } catch (error) {
    if (isFault(error)) return `${error.status} ${error.code}`
    throw error
  }
}

test('what a certificate says of itself', () => {
  const root = certificate({
    subject: [
      ['O', 'XXSSL Inc'],
      ['CN', 'Root'],
    ],
    san: [],
    ca: true,
    key: rsaKey(),
  })
  const leaf = certificate({
    subject: [
      ['C', 'XX'],
      ['ST', 'Alps'],
      ['L', 'Städtchen'],
      ['O', 'One'],
      ['O', 'Two, with a comma'],
      ['OU', 'IT'],
      ['CN', 'apigtest.example.com'],
    ],
    san: ['apigtest.example.com', '*.san.com'],
    issuer: root,
    serialNumber: '32d2',
    notBefore: new Date('2019-06-01T00:00:00Z'),
    notAfter: new Date('2031-08-16T06:36:13Z'),
  })

  const { facts, algorithmType, rootCaAlgorithmType, content } = acceptUpload(
    upload(leaf, { cert_content: leaf.pem + root.pem, trusted_root_ca: root.pem }),
    now,
  )

  expect(facts).toEqual({
    commonName: 'apigtest.example.com',
    san: ['apigtest.example.com', '*.san.com'],
    signatureAlgorithm: 'SHA256-RSA',
    notBefore: Date.parse('2019-06-01T00:00:00Z'),
    notAfter: Date.parse('2031-08-16T06:36:13Z'),
    details: {
      version: 3,
      organization: ['One', 'Two, with a comma'],
      organizational_unit: ['IT'],
      locality: ['Städtchen'],
      state: ['Alps'],
      country: ['XX'],
      serial_number: '13010',
      issuer: ['XXSSL Inc'],
    },
  })
  expect([algorithmType, rootCaAlgorithmType, content]).toEqual(['ECC', 'RSA', leaf.pem + root.pem])
})

describe('keys', () => {
  const leaf = certificate()

  test.each([
    ['PKCS #8', pkcs8(leaf.key)],
    ['SEC 1', leaf.key.export({ format: 'pem', type: 'sec1' }).toString()],
    ['SEC 1 behind its parameters', ecParameters(leaf.key.export({ format: 'pem', type: 'sec1' }).toString())],
    ['without line breaks', pkcs8(leaf.key).replaceAll('\n', '')],
    ['with line breaks of Windows', pkcs8(leaf.key).replaceAll('\n', '\r\n')],
  ])('%s', (_form, private_key) => {
    expect(acceptUpload(upload(leaf, { private_key }), now).privateKey).toBe(pkcs8(leaf.key))
  })

  test('RSA in PKCS #1', () => {
    const rsa = certificate({ key: rsaKey() })
    const private_key = rsa.key.export({ format: 'pem', type: 'pkcs1' }).toString()
    expect(acceptUpload(upload(rsa, { private_key, algorithm_type: 'RSA' }), now).algorithmType).toBe('RSA')
  })

  const encrypted = { format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' } as const
  test.each([
    ['PKCS #8', leaf.key.export({ ...encrypted, type: 'pkcs8' }).toString()],
    ['SEC 1 with headers', leaf.key.export({ ...encrypted, type: 'sec1' }).toString()],
  ])('encrypted, %s', (_form, private_key) => {
    expect(refusal(upload(leaf, { private_key }))).toBe('400 APIG.2105')
  })

  test.each([
    ['of another certificate', '400 APIG.2101', pkcs8(ecKey())],
    ['of another kind', '400 APIG.2101', pkcs8(rsaKey())],
    ['garbage', '400 APIG.2106', 'garbage'],
    ['a certificate', '400 APIG.2106', leaf.pem],
    ['two', '400 APIG.2106', leaf.keyPem + leaf.keyPem],
    ['too long', '400 APIG.2011', `${leaf.keyPem}${' '.repeat(16_384)}`],
  ])('%s', (_what, code, private_key) => {
    expect(refusal(upload(leaf, { private_key }))).toBe(code)
  })
})

describe('certificates', () => {
  const key = ecKey()
  const root = certificate({ subject: [['CN', 'Root']], san: [], ca: true })
  const stranger = certificate({ subject: [['CN', 'Root']], san: [], ca: true })
  const noAuthority = certificate({ subject: [['CN', 'Plain']], san: [] })
  const made = (spec: CertificateSpec) => upload(certificate({ key, ...spec }))
  const chained = (issuer: TestCertificate, ...rest: TestCertificate[]) => {
    const leaf = certificate({ key, issuer })
    return upload(leaf, { cert_content: [leaf, ...rest].map(({ pem }) => pem).join('') })
  }

  test.each<[string, string, () => Upload]>([
    ['self-signed', 'accepted', () => made({})],
    [
      'with text around it',
      'accepted',
      () => ({ ...made({}), cert_content: `subject=x\n${made({}).cert_content}\n#` }),
    ],
    ['not valid yet', 'accepted', () => made({ notBefore: new Date(now + DAY), notAfter: new Date(now + 2 * DAY) })],
    ['of a P-384 key', 'accepted', () => upload(certificate({ key: ecKey('P-384') }))],
    ['with its issuer', 'accepted', () => chained(root, root)],
    ['without its issuer', 'accepted', () => chained(root)],
    ['without names of its own', 'accepted', () => made({ san: [], subject: [['CN', 'www.example.com']] })],
    ['without any name', '400 APIG.2109', () => made({ san: [], subject: [['O', 'x']] })],
    ['expired', '400 APIG.2102', () => made({ notBefore: new Date(0), notAfter: new Date(now - 1000) })],
    ['until the last second of 32 bits', 'accepted', () => made({ notAfter: new Date('2038-01-19T03:14:07Z') })],
    ['a second longer', '400 APIG.3148', () => made({ notAfter: new Date('2038-01-19T03:14:08Z') })],
    ['behind the issuer of another', '400 APIG.2104', () => chained(root, stranger)],
    ['issued by no authority', '400 APIG.2104', () => chained(noAuthority, noAuthority)],
    [
      'in front of an expired one',
      '400 APIG.2102',
      () => {
        const old = certificate({
          subject: [['CN', 'Old']],
          san: [],
          ca: true,
          notBefore: new Date(0),
          notAfter: new Date(now - DAY),
        })
        return chained(old, old)
      },
    ],
    ['garbage', '400 APIG.2106', () => ({ ...made({}), cert_content: 'garbage' })],
    [
      'empty',
      '400 APIG.2106',
      () => ({ ...made({}), cert_content: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----' }),
    ],
    ['cut off', '400 APIG.2106', () => ({ ...made({}), cert_content: made({}).cert_content.slice(0, 300) })],
    ['a key', '400 APIG.2106', () => ({ ...made({}), cert_content: pkcs8(key) })],
    [
      'with a key behind it',
      '400 APIG.2106',
      () => ({ ...made({}), cert_content: made({}).cert_content + pkcs8(key) }),
    ],
    ['eleven in a row', '400 APIG.2106', () => chained(root, ...Array.from({ length: 10 }, () => root))],
    ['too long', '400 APIG.2011', () => ({ ...made({}), cert_content: 'x'.repeat(65_537) })],
    ['with a name that hides something', '400 APIG.2106', () => made({ san: ['www.example.com\0.evil.example'] })],
    ['of a short RSA key', '400 APIG.2106', () => upload(certificate({ key: rsaKey(1024) }))],
    ['of an algorithm that is not TLS', '400 APIG.2106', () => upload(certificate({ key: ecKey('secp256k1') }))],
    [
      'with bytes behind its end',
      '400 APIG.2106',
      () => ({ ...made({}), cert_content: longer(made({}).cert_content) }),
    ],
    ['signed by a broken digest', '400 APIG.2106', () => made({ issuer: root, digest: 'sha1' })],
    ['signed by itself, however', 'accepted', () => made({ digest: 'sha1' })],
    [
      'behind an issuer signed by a broken digest',
      '400 APIG.2106',
      () => {
        const between = certificate({ subject: [['CN', 'Between']], san: [], ca: true, issuer: root, digest: 'sha1' })
        return chained(between, between, root)
      },
    ],
    ['of another algorithm than was said', '409 APIG.3709', () => ({ ...made({}), algorithm_type: 'RSA' })],
    ['said to be SM2', '409 APIG.3709', () => ({ ...made({}), algorithm_type: 'SM2' })],
    ['of an SM2 key', '409 APIG.3709', () => ({ ...made({}), private_key: SM2_KEY })],
  ])('%s: %s', (_what, outcome, form) => {
    expect(refusal(form())).toBe(outcome)
  })

  test.each<[string, string, string]>([
    ['an authority', 'accepted', root.pem],
    ['one that signed itself', 'accepted', noAuthority.pem],
    ['two', 'accepted', root.pem + stranger.pem],
    ['neither', '400 APIG.2104', certificate({ issuer: root }).pem],
    ['garbage', '400 APIG.2104', 'garbage'],
    ['a key', '400 APIG.2104', pkcs8(key)],
    ['expired', '400 APIG.2102', certificate({ ca: true, notBefore: new Date(0), notAfter: new Date(now - DAY) }).pem],
    ['too long', '400 APIG.2011', 'x'.repeat(65_537)],
  ])('a trusted root CA that is %s: %s', (_what, outcome, trusted_root_ca) => {
    expect(refusal({ ...made({}), trusted_root_ca })).toBe(outcome)
  })
})

test('no bytes do more than be refused', () => {
  const leaf = certificate()
  const refused = /^400 APIG\.2(011|101|102|104|105|106|109)$/
  fc.assert(
    fc.property(fc.string(), fc.nat(leaf.pem.length - 1), fc.string({ maxLength: 3 }), (text, at, patch) => {
      expect(refusal(upload(leaf, { cert_content: text }))).toMatch(refused)
      expect(refusal(upload(leaf, { private_key: text }))).toMatch(refused)
      const damaged = leaf.pem.slice(0, at) + patch + leaf.pem.slice(at + 1)
      expect(refusal(upload(leaf, { cert_content: damaged }))).toMatch(/^(accepted|400 APIG\.(2...|3148))$/)
    }),
  )
})

/** The same certificate, and something after it in its block. */
function longer(pem: string): string {
  const [block] = pemBlocks(pem) ?? []
  return toPem('CERTIFICATE', Buffer.concat([block?.der ?? Buffer.alloc(0), Buffer.from('more')]))
}

/** As `openssl ecparam -genkey` writes it. */
function ecParameters(sec1: string): string {
  return `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}`
}

const SM2_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQg+3g+2axpo5lL7fys
JhJGXAZDp6qZ8Q/M+nCZAQRdEB2hRANCAASR00loGxv6ypLaWx3aT59DfeUDfhmy
x4UWHzf6Chu0588AAZcIwpIl1O8ePw0M6pY+jukNU3UcFttBwgi/nvmA
-----END PRIVATE KEY-----
`
