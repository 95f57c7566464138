import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partKey, type GroupPart, type Part, type Update } from './parts.js'
import { Publisher } from './publisher.js'

const group = (id: string, name = id): GroupPart => ({
  kind: 'group',
  id,
  instanceId: 'i',
  name,
  isDefault: false,
  subDomains: [],
  subDomainEnabled: true,
})
const step = (revision: number, put: readonly Part[], remove: Update['remove'] = [], reset = false): Update => ({
  revision,
  reset,
  put,
  remove,
})

test('an update replaces and removes parts, and a subscriber hears of it before publish returns', () => {
  const publisher = new Publisher({ revision: 7, parts: [group('a'), group('b')] })
  const heard: number[] = []
  const unsubscribe = publisher.subscribe((update) => heard.push(update.revision))

  publisher.publish(step(8, [group('a', 'renamed'), group('c')], ['group:b']))
  unsubscribe()
  publisher.publish(step(9, []))

  expect(publisher.current()).toEqual({ revision: 9, parts: [group('a', 'renamed'), group('c')] })
  expect(heard).toEqual([8])
})

test('a part that is lent is there until it is taken back, whatever is published meanwhile', () => {
  const publisher = new Publisher({ revision: 7, parts: [group('a')] })
  const heard: Update[] = []
  publisher.subscribe((update) => heard.push(update))

  const takeBack = publisher.lend(group('lent'))
  publisher.publish(step(8, [group('b')]))
  publisher.publish(step(10, [group('c')], [], true))
  expect(publisher.current()).toEqual({ revision: 11, parts: [group('c'), group('lent')] })
  takeBack()
  takeBack()

  expect(publisher.current()).toEqual({ revision: 12, parts: [group('c')] })
  expect(heard.map(({ revision }) => revision)).toEqual([8, 9, 11, 12])
  expect(publisher.since(publisher.epoch, 9)).toEqual([
    step(11, [group('c'), group('lent')], [], true),
    step(12, [], ['group:lent']),
  ])
  expect(() => publisher.publish(step(10, []))).toThrow(RangeError)
})

test('a reset makes what was there before void', () => {
  const publisher = new Publisher({ revision: 1, parts: [group('a')] })
  publisher.publish(step(2, [group('z')], [], true))
  expect(publisher.current().parts).toEqual([group('z')])
})

test('revisions only grow', () => {
  const publisher = new Publisher({ revision: 3, parts: [] })
  expect(() => publisher.publish(step(3, []))).toThrow(RangeError)
  expect(publisher.revision).toBe(3)
})

test('a receiver of another epoch, of the future, or from before the log has to start anew', () => {
  const publisher = new Publisher({ epoch: 'e', revision: 5, parts: [] })
  publisher.publish(step(6, [group('a')]))
  expect(publisher.since('other', 5)).toBeUndefined()
  expect(publisher.since('e', 7)).toBeUndefined()
  expect(publisher.since('e', 4)).toBeUndefined()
  expect(publisher.since('e', 5)).toHaveLength(1)
  expect(publisher.since('e', 6)).toEqual([])
})

test('the log is bounded by the number of updates and by what is in them', () => {
  const publisher = new Publisher({ epoch: 'e', revision: 0, parts: [] })
  for (let revision = 1; revision <= 1_500; revision++) publisher.publish(step(revision, [group('a')]))
  expect(publisher.since('e', 499)).toBeUndefined()
  expect(publisher.since('e', 500)).toHaveLength(1_000)

  const many = Array.from({ length: 10_001 }, (_, index) => group(`g${index}`))
  publisher.publish(step(1_501, many))
  expect(publisher.since('e', 1_500)).toBeUndefined()
  expect(publisher.since('e', 1_501)).toEqual([])
})

test('whoever applies the steps since any revision has what the publisher has', () => {
  const anyStep = fc.record({
    put: fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), name: fc.string() }), {
      selector: ({ id }) => id,
      maxLength: 3,
    }),
    remove: fc.subarray(['a', 'b', 'c', 'd']),
    reset: fc.boolean(),
    gap: fc.integer({ min: 1, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 1, maxLength: 20 }), fc.nat(20), (steps, leaveAt) => {
      const publisher = new Publisher({ epoch: 'e', revision: 0, parts: [group('a')] })
      let revision = 0
      let mine = publisher.current()
      for (const [index, { put, remove, reset, gap }] of steps.entries()) {
        if (index === leaveAt) mine = publisher.current()
        revision += gap
        publisher.publish(
          step(
            revision,
            put.map(({ id, name }) => group(id, name)),
            remove.filter((id) => !put.some((part) => part.id === id)).map((id) => `group:${id}` as const),
            reset,
          ),
        )
      }
      const held = new Map<string, Part>(mine.parts.map((part) => [partKey(part), part]))
      for (const update of publisher.since('e', mine.revision) ?? []) {
        if (update.reset) held.clear()
        for (const key of update.remove) held.delete(key)
        for (const part of update.put) held.set(partKey(part), part)
      }
      const sorted = (parts: Iterable<Part>) => [...parts].sort((a, b) => partKey(a).localeCompare(partKey(b)))
      expect(sorted(held.values())).toEqual(sorted(publisher.current().parts))
    }),
  )
})
