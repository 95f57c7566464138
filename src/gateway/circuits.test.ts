/** policies.md §7, with a clock that the test sets. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Circuit, Circuits, type CircuitPolicy } from './circuits.js'

const counter: CircuitPolicy = { opens: { unhealthy: 3 }, window: 10_000, openFor: 5_000 }
const share: CircuitPolicy = { opens: { calls: 4, percentage: 50 }, window: 10_000, openFor: 5_000 }

function fed(policy: CircuitPolicy, calls: readonly (readonly [at: number, isUnhealthy: boolean])[]): Circuit {
  const circuit = new Circuit(policy)
  for (const [at, isUnhealthy] of calls) circuit.record(isUnhealthy, at)
  return circuit
}

test('counter: opens with the call that reaches the threshold, for its time', () => {
  const circuit = fed(counter, [
    [0, true],
    [1, false],
    [2, true],
  ])
  expect(circuit.isOpen(3)).toBe(false)
  circuit.record(true, 3)
  expect([3, 5_002, 5_003].map((now) => circuit.isOpen(now))).toEqual([true, true, false])
})

test('windows begin with their first call, and each counts for itself', () => {
  const circuit = fed(counter, [
    [5_000, true],
    [14_999, true],
    [15_000, true],
    [15_001, true],
  ])
  expect(circuit.isOpen(15_001)).toBe(false)
  circuit.record(true, 24_999)
  expect(circuit.isOpen(24_999)).toBe(true)
})

test('when it closes it counts anew, without what ended meanwhile', () => {
  const circuit = fed(counter, [
    [0, true],
    [0, true],
    [0, true],
    [1, true],
    [4_999, true],
    [5_000, true],
    [5_001, true],
  ])
  expect(circuit.isOpen(5_001)).toBe(false)
  circuit.record(true, 5_002)
  expect(circuit.isOpen(5_002)).toBe(true)
})

test.each([
  ['enough calls, enough of them unhealthy', [true, true, false, false], true],
  ['too few unhealthy', [true, false, false, false], false],
  ['too few calls', [true, true, true], false],
])('percentage: when the window ends: %s', (_, calls, opens) => {
  const circuit = fed(
    share,
    calls.map((isUnhealthy, at) => [at, isUnhealthy]),
  )
  expect(circuit.isOpen(9_999)).toBe(false)
  expect([10_000, 14_999, 15_000].map((now) => circuit.isOpen(now))).toEqual([opens, opens, false])
})

test('percentage: it opened when the window ended, however late somebody asks', () => {
  const calls = [true, true, true, true].map((isUnhealthy): readonly [number, boolean] => [0, isUnhealthy])
  expect(fed(share, calls).isOpen(14_999)).toBe(true)
  expect(fed(share, calls).isOpen(15_000)).toBe(false)
})

test('counter: agrees with a list of all calls', () => {
  const steps = fc.array(fc.record({ wait: fc.nat(4_000), isUnhealthy: fc.boolean() }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (calls) => {
      const circuit = new Circuit(counter)
      let now = 0
      let begin = -1
      let unhealthy = 0
      let openUntil = -1
      for (const { wait, isUnhealthy } of calls) {
        now += wait
        expect(circuit.isOpen(now)).toBe(now < openUntil)
        circuit.record(isUnhealthy, now)
        if (now < openUntil) continue
        if (begin === -1 || now >= begin + 10_000) {
          begin = now
          unhealthy = 0
        }
        unhealthy += Number(isUnhealthy)
        if (unhealthy < 3) continue
        openUntil = now + 5_000
        begin = -1
      }
    }),
  )
})

test('a circuit is kept while its policy is the same, and forgotten with its plug-in or its subject', () => {
  const circuits = new Circuits()
  const circuit = circuits.of('p', 'a', '', counter)
  expect(circuits.of('p', 'a', '', { ...counter })).toBe(circuit)
  expect(circuits.of('p', 'b', '', counter)).not.toBe(circuit)
  expect(circuits.of('p', 'a', '', { ...counter, window: 1 })).not.toBe(circuit)
  const [a, b] = [circuits.of('p', 'a', '', counter), circuits.of('p', 'b', '', counter)]
  circuits.remove('p', 'a')
  expect(circuits.of('p', 'a', '', counter)).not.toBe(a)
  expect(circuits.of('p', 'b', '', counter)).toBe(b)
  circuits.remove('p')
  expect(circuits.of('p', 'b', '', counter)).not.toBe(b)
})
