import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openVault, VaultError } from './vault.js'

const run = promisify(execFile)

function directory() {
  const path = mkdtempSync(join(tmpdir(), 'sluice-vault-'))
  return { path, key: join(path, 'secret.key'), [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

test('what is sealed opens again, in another process too, and never looks the same twice', () => {
  using dir = directory()
  const first = openVault(dir.path)
  const second = openVault(dir.path)
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
      const sealed = first.seal(text, context)
      expect(second.open(sealed, context)).toBe(text)
      expect(first.seal(text, context)).not.toBe(sealed)
      expect(sealed).toMatch(/^v1\.[\w-]+$/)
    }),
  )
})

test('a secret opens only where it belongs', () => {
  using dir = directory()
  const vault = openVault(dir.path)
  const sealed = vault.seal('secret', 'app:1')
  expect(() => vault.open(sealed, 'app:2')).toThrow(VaultError)
})

test('a secret of which one character was changed does not open', () => {
  using dir = directory()
  const vault = openVault(dir.path)
  for (const sealed of Array.from({ length: 8 }, () => vault.seal('secret', 'app:1')))
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'B' : 'A') + sealed.slice(i + 1)
      expect(() => vault.open(changed, 'app:1')).toThrow(VaultError)
    }
  for (const text of ['', 'v1.', 'v1.AAAA', 'secret']) expect(() => vault.open(text, 'app:1')).toThrow(VaultError)
})

test('a secret of another data directory does not open, and the message says why', () => {
  using mine = directory()
  using other = directory()
  const sealed = openVault(other.path).seal('secret', 'app:1')
  expect(() => openVault(mine.path).open(sealed, 'app:1')).toThrow(/app:1.*another secret\.key/)
})

test('a fingerprint is the same for the same text and key only', () => {
  using mine = directory()
  using other = directory()
  const vault = openVault(mine.path)
  expect(vault.fingerprint('code')).toBe(openVault(mine.path).fingerprint('code'))
  expect(vault.fingerprint('code')).not.toBe(vault.fingerprint('code2'))
  expect(vault.fingerprint('code')).not.toBe(openVault(other.path).fingerprint('code'))
})

test('the key file is made for its owner alone, together with the directory, and nothing else is left', () => {
  using dir = directory()
  const data = join(dir.path, 'a', 'b')
  openVault(data)
  const file = statSync(join(data, 'secret.key'))
  expect(file.size).toBe(32)
  expect(file.mode & 0o777).toBe(0o600)
  expect(readdirSync(data)).toEqual(['secret.key'])
})

test('opening again does not touch the key', () => {
  using dir = directory()
  openVault(dir.path)
  const key = readFileSync(dir.key)
  openVault(dir.path)
  expect(readFileSync(dir.key).equals(key)).toBe(true)
})

test.each([0o640, 0o604, 0o660, 0o601])('a key file of mode %o is refused with the command that helps', (mode) => {
  using dir = directory()
  openVault(dir.path)
  chmodSync(dir.key, mode)
  expect(() => openVault(dir.path)).toThrow(`chmod 600 ${dir.key}`)
})

test.each([0, 31, 33])('a key file of %i bytes is refused, not replaced', (size) => {
  using dir = directory()
  writeFileSync(dir.key, Buffer.alloc(size), { mode: 0o600 })
  expect(() => openVault(dir.path)).toThrow(`has ${size} bytes instead of 32`)
  expect(statSync(dir.key).size).toBe(size)
})

test('a directory in its place is refused', () => {
  using dir = directory()
  mkdirSync(dir.key)
  expect(() => openVault(dir.path)).toThrow('is not a file')
})

test('processes that start at once agree on one key', async () => {
  using dir = directory()
  const source = `
    const [module, path] = process.argv.slice(-2)
    const { openVault } = await import(module)
    process.stdout.write(openVault(path).fingerprint('x'))`
  const start = async () => {
    const module = new URL('./vault.ts', import.meta.url).href
    const words = ['--import', 'tsx', '--input-type=module', '--eval', source, '--', module, dir.path]
    return (await run(process.execPath, words)).stdout
  }
  const prints = await Promise.all([start(), start(), start(), start()])
  expect(new Set(prints).size).toBe(1)
  expect(prints[0]).toBe(openVault(dir.path).fingerprint('x'))
})
