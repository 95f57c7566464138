import fc from 'fast-check'
import { expect, test } from 'vitest'
import { urnOf } from '../../test/functions-folder.js'
import { formatAddress, functionAddress, parseFunctionUrn } from './urn.js'

test('a URN names a package, a function, and a version or an alias', () => {
  const urn = urnOf('hello')
  const common = { urn, project: 'p1', package: 'default', name: 'hello' }
  expect(parseFunctionUrn(urn)).toEqual({ ...common, version: 'latest', alias: undefined })
  expect(parseFunctionUrn(`${urn}:v1.0`)).toEqual({ ...common, version: 'v1.0', alias: undefined })
  expect(parseFunctionUrn(`${urn}:!prod`)).toEqual({ ...common, version: undefined, alias: 'prod' })
})

test('an alias wins over a version, which wins over what the URN says', () => {
  const urn = urnOf('hello')
  for (const [given, expected] of [
    [[urn], 'latest'],
    [[`${urn}:v1`], 'v1'],
    [[`${urn}:v1`, 'v2'], 'v2'],
    [[urn, 'v2', `${urn}:!prod`], '!prod'],
    [[urn, 'v2', 'prod'], '!prod'],
    [[urn, '', ''], 'latest'],
  ] as const) {
    const [name, version, alias] = given
    const address = functionAddress(name, version, alias)
    expect([given, address && formatAddress(address)]).toEqual([given, `${urn}:${expected}`])
  }
})

test('whatever is written as a URN, no part of it leads out of a folder', () => {
  const piece = fc.oneof(
    fc.constantFrom('..', '.', '/', '\\', '\0', '~', 'a', 'v1', '!', ':', '%2e', '\n'),
    fc.string(),
  )
  const part = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(part, part, part, (inPackage, name, version) => {
      const address = parseFunctionUrn(`urn:fss:r:p:function:${inPackage}:${name}:${version}`)
      if (address === undefined) return
      for (const one of [address.package, address.name, address.version ?? address.alias ?? '']) {
        expect(one).toMatch(/^[A-Za-z0-9_.-]+$/)
        expect(one).not.toMatch(/^\.+$/)
      }
    }),
  )
})
