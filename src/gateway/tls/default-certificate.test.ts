import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadDefaultCertificates } from './default-certificate.js'

let directory = ''
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'sluice-default-certificate-'))))
afterEach(() => rmSync(directory, { recursive: true }))

test('one for each kind of key, signed by itself, with the key that belongs to it', () => {
  const pairs = loadDefaultCertificates(directory)
  const certificates = pairs.map(({ chain }) => new X509Certificate(chain))
  expect(certificates.map(({ publicKey }) => publicKey.asymmetricKeyType)).toEqual(['ec', 'rsa'])
  certificates.forEach((certificate, index) => {
    expect(certificate.checkPrivateKey(createPrivateKey(pairs[index]?.privateKey ?? ''))).toBe(true)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now() + 9 * 365 * 86_400_000)
  })
})

test('made once, and read by nobody else', () => {
  const made = loadDefaultCertificates(directory)
  expect(loadDefaultCertificates(directory)).toEqual(made)
  expect(readdirSync(directory)).toEqual(['default-certificate.pem'])
  expect(statSync(join(directory, 'default-certificate.pem')).mode & 0o777).toBe(0o600)
})

test('a file that is something else is said to be so', () => {
  writeFileSync(join(directory, 'default-certificate.pem'), 'nothing')
  expect(() => loadDefaultCertificates(directory)).toThrow(/default-certificate\.pem: holds no certificate/)
})
