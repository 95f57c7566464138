/** The four algorithms: backends.md §3.1. */
import { describe, expect, test } from 'vitest'
import { algorithms } from './algorithms.js'
import type { Candidate } from './balancer.js'
import { hashOf } from './rendezvous.js'

interface Named extends Candidate {
  readonly name: string
}

const members = (weights: Readonly<Record<string, number>>): Named[] =>
  Object.entries(weights).map(([name, weight]) => ({ name, weight, load: { active: 0 }, seed: hashOf(name) }))

const WEIGHTS = { a: 5, b: 3, c: 1, d: 1 }
const CALLS = 10_000
const address = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
const asked = (i: number) => ({ source: address(i), path: `/orders/${i}` })

type Algorithm = keyof typeof algorithms

/** Shares of 10,000 calls. */
function shares(algorithm: Algorithm, weights: Readonly<Record<string, number>>): Record<string, number> {
  const choose = algorithms[algorithm](members(weights))
  const counts: Record<string, number> = Object.fromEntries(Object.keys(weights).map((name) => [name, 0]))
  for (let i = 0; i < CALLS; i++) {
    const name = choose(asked(i), [])?.name ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / CALLS]))
}

describe.each(['WRR', 'WLC', 'SH'] as const)('%s', (algorithm) => {
  test('shares of 10,000 calls follow the weights within 2 %', () => {
    for (const [name, share] of Object.entries(shares(algorithm, WEIGHTS))) {
      const expected = WEIGHTS[name as keyof typeof WEIGHTS] / 10
      expect(Math.abs(share - expected), `${name}: ${share} of ${expected}`).toBeLessThan(0.02)
    }
  })
})

test('URI hash: all weights count as 1', () => {
  for (const share of Object.values(shares('URI', WEIGHTS))) expect(Math.abs(share - 0.25)).toBeLessThan(0.02)
})

test('weighted round robin is exact over every cycle, wherever it begins, and does not call a heavy one in a row', () => {
  for (let run = 0; run < 20; run++) {
    const choose = algorithms.WRR(members({ a: 5, b: 1, c: 1 }))
    const names = Array.from({ length: 70 }, (_, i) => choose(asked(i), [])?.name ?? '').join('')
    for (let from = 0; from < 63; from++) {
      const cycle = names.slice(from, from + 7)
      expect(Array.from(cycle).sort().join('')).toBe('aaaaabc')
    }
    expect(names).not.toContain('aaaaa')
  }
})

test('processes do not all begin with the same member', () => {
  const first = new Set<string>()
  for (let run = 0; run < 200; run++) first.add(algorithms.WRR(members({ a: 1, b: 1, c: 1 }))(asked(0), [])?.name ?? '')
  expect(first).toEqual(new Set(['a', 'b', 'c']))
})

test.each([
  // weights, calls under way, who may be chosen
  [[1, 1], [1, 0], 'b'],
  [[1, 1], [3, 3], 'ab'],
  [[1, 1, 1], [2, 1, 1], 'bc'],
  [[3, 1], [2, 1], 'a'],
  [[3, 1], [3, 0], 'b'],
  [[3, 1], [1, 0], 'ab'],
  [[3, 1], [0, 1], 'a'],
  [[5, 1], [5, 0], 'b'],
])('least connections: of weights %j with %j calls one of %s', (weights, active, expected) => {
  const all = members(Object.fromEntries(weights.map((weight, i) => ['abc'.charAt(i), weight])))
  all.forEach(({ load }, i) => (load.active = active[i] ?? 0))
  const choose = algorithms.WLC(all)
  const chosen = new Set(Array.from({ length: 20 }, (_, i) => choose(asked(i), [])?.name))
  expect([...chosen].sort().join('')).toBe(expected)
})

test('least connections under load: calls under way keep to the weights', () => {
  const all = members({ a: 2, b: 1, c: 1 })
  const choose = algorithms.WLC(all)
  const counts = new Map<string, number>()
  const running: Named[] = []
  for (let i = 0; i < CALLS; i++) {
    const member = choose(asked(i), []) as Named
    counts.set(member.name, (counts.get(member.name) ?? 0) + 1)
    member.load.active++
    running.push(member)
    if (running.length > 40) (running.shift() as Named).load.active--
  }
  for (const [name, share] of Object.entries({ a: 0.5, b: 0.25, c: 0.25 }))
    expect(Math.abs((counts.get(name) ?? 0) / CALLS - share)).toBeLessThan(0.02)
})

describe.each(['SH', 'URI'] as const)('%s is consistent', (algorithm) => {
  const names = (weights: Readonly<Record<string, number>>): string[] => {
    const choose = algorithms[algorithm](members(weights))
    return Array.from({ length: 1_000 }, (_, i) => choose(asked(i), [])?.name ?? '')
  }
  test('the same key gets the same member', () => expect(names(WEIGHTS)).toEqual(names(WEIGHTS)))

  test('when a member goes only its keys move', () => {
    const before = names({ a: 1, b: 1, c: 1 })
    const after = names({ a: 1, c: 1 })
    expect(after.filter((name, i) => name !== before[i]).length).toBe(before.filter((name) => name === 'b').length)
    expect(before.every((name, i) => name === 'b' || name === after[i])).toBe(true)
  })

  test('when one comes it takes its share, and no other key moves', () => {
    const before = names({ a: 1, b: 1 })
    const after = names({ a: 1, b: 1, c: 1 })
    expect(after.every((name, i) => name === before[i] || name === 'c')).toBe(true)
  })
})

test.each(['WRR', 'WLC', 'SH', 'URI'] as const)(
  '%s: who was tried is not chosen again, and in the end nobody is',
  (algorithm) => {
    const all = members({ a: 5, b: 3, c: 1 })
    const choose = algorithms[algorithm](all)
    for (let i = 0; i < 100; i++) {
      const tried: Named[] = []
      for (const _ of all) {
        const next = choose(
          asked(i),
          tried.map(({ load }) => load),
        )
        if (next === undefined) throw new Error('nobody is left')
        expect(tried).not.toContain(next)
        tried.push(next)
      }
      expect(
        choose(
          asked(i),
          tried.map(({ load }) => load),
        ),
      ).toBeUndefined()
    }
  },
)
