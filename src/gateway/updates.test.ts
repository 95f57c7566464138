import { expect, test } from 'vitest'
import { gateway as startedGateway } from '../../test/gateway.js'
import { groupPart, instancePart, mockBackend, publicationPart, reset } from '../../test/parts.js'
import { partKey as keyOf, type Part, type PublicationPart, type Update } from '../snapshot/parts.js'
import { differenceTo } from '../snapshot/difference.js'

const MANY = 3_000

/** As many mocks, of which each says its generation. */
function many(generation: string): PublicationPart[] {
  return Array.from({ length: MANY }, (_, index) =>
    publicationPart({
      id: `many${index}`,
      req_uri: `/many/${index}`,
      backend: mockBackend({ result_content: generation }),
    }),
  )
}

const whole = (revision: number, ...parts: Part[]): Update => ({
  ...reset(instancePart(), groupPart(), ...parts),
  revision,
})

test('a large reset is seen as a whole, later, and updates behind it wait', async () => {
  await using gateway = await startedGateway({ parts: [instancePart(), groupPart(), ...many('one')] })
  let turns = 0
  const between = setInterval(() => turns++, 0)

  const applied = gateway.apply(whole(5, ...many('two')))
  const behind = gateway.apply({ revision: 6, reset: false, put: [], remove: ['publication:many7/release'] })

  // Told at once, for the one behind follows in the same turn of the loop.
  const revisions = [applied, behind].map((promise) => Promise.resolve(promise).then(() => gateway.gateway.revision))
  expect(gateway.gateway.revision).toBeLessThan(5)
  // Served meanwhile, by what was known before or by all that is new.
  expect((await gateway.get('/many/8')).body).toMatch(/^(?:one|two)$/)
  expect(await Promise.all(revisions)).toEqual([5, 6])
  clearInterval(between)
  expect(turns).toBeGreaterThan(0)
  expect(gateway.gateway.revision).toBe(6)
  expect((await gateway.get('/many/0')).body).toBe('two')
  expect((await gateway.get(`/many/${MANY - 1}`)).body).toBe('two')
  expect((await gateway.get('/many/7')).status).toBe(404)
})

test('a reset that cannot be applied tells whom brought it, and the next one is applied', async () => {
  await using gateway = await startedGateway({ parts: [instancePart(), groupPart(), ...many('one')] })
  const broken = { kind: 'publication', definition: null } as unknown as Part

  const failed = gateway.gateway.apply(whole(5, ...many('two'), broken))
  const later = gateway.gateway.apply(whole(6, ...many('three')))

  await expect(failed).rejects.toThrow()
  await later
  expect((await gateway.get('/many/1')).body).toBe('three')
})

test('of a reset only what differs is put; what it does not hold goes', async () => {
  const same = many('one')
  const known = new Map([...same, groupPart({ id: 'gone' })].map((part) => [keyOf(part), part]))

  const update = await differenceTo(whole(9, ...structuredClone(same)), known)

  expect(update.put.map(keyOf)).toEqual(['instance:i1', 'group:g1'])
  expect(update).toMatchObject({ revision: 9, reset: false, remove: ['group:gone'] })
})
