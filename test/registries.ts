/** Who listens to a registry, for tests: what was told last, and what went wrong. */
import { expect } from 'vitest'
import type { Instance, RegistryListener } from '../src/registries/registry.js'

interface Told {
  readonly instances: () => readonly Instance[] | undefined
  readonly failures: () => readonly string[]
  /** How often anything was told. */
  readonly calls: () => number
  /** Waits until these are the hosts that were told last, in alphabetical order. */
  readonly hosts: (expected: string) => Promise<void>
}

export function listener(): RegistryListener & { readonly view: Told } {
  let instances: readonly Instance[] | undefined
  let calls = 0
  const failures: string[] = []
  const hosts = () => instances?.map(({ host }) => host).toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return {
    found(told) {
      calls++
      instances = told
    },
    failing(reason) {
      calls++
      failures.push(reason)
    },
    view: {
      instances: () => instances,
      failures: () => failures,
      calls: () => calls,
      hosts: (expected) => expect.poll(() => hosts()?.join(' '), { timeout: 10_000 }).toBe(expected),
    },
  }
}
