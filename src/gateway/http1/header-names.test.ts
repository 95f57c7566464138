import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashName, isNamed, NameFilter, normalised } from './header-names.js'

const TOKEN = Array.from("!#$%&'*+-.^_`|~019azmAZM")
const name = fc.string({ unit: fc.constantFrom(...TOKEN), minLength: 1, maxLength: 12 })
/** Often the same name, in another case or with another of the marks that backends do not tell apart. */
const alike = (text: string) =>
  fc
    .array(fc.constantFrom('same', 'upper', 'mark'), { minLength: text.length, maxLength: text.length })
    .map((changes) =>
      Array.from(text, (character, i) =>
        changes[i] === 'upper'
          ? character.toUpperCase()
          : changes[i] === 'mark'
            ? character.replace(/[-_.]/, '_')
            : character,
      ).join(''),
    )
const pair = name.chain((text) => fc.tuple(fc.constant(text), fc.oneof(alike(text), name)))

test('a name is compared without case', () => {
  fc.assert(
    fc.property(pair, ([one, other]) => {
      const text = `GET / ${other}: x`
      expect(isNamed(text, 6, 6 + other.length, one.toLowerCase())).toBe(other.toLowerCase() === one.toLowerCase())
    }),
  )
})

test('a filter has its names and their aliases', () => {
  fc.assert(
    fc.property(pair, ([one, other]) => {
      const filter = new NameFilter([one.toLowerCase()])
      const text = `GET / ${other}: x`
      expect(filter.has(hashName(other), text, 6, 6 + other.length)).toBe(normalised(other) === normalised(one))
    }),
  )
})
