/** A server on which every change is undone as soon as it is answered: each request meets the same stage. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/store/store.js'
import { management, type TestManagement } from '../../test/management.js'
import { setStage, type Stage } from './stage.js'

export interface Rehearsal extends AsyncDisposable {
  readonly sluice: TestManagement
  readonly stage: Stage
}

/** @param before what is done once the stage is set, and stays */
export async function rehearsal(before?: (sluice: TestManagement) => Promise<unknown>): Promise<Rehearsal> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-boundary-'))
  const undoing = new Undoing()
  const open = () =>
    Promise.resolve({
      url: `sqlite:${join(directory, 'sluice.db')}`,
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    })
  const sluice = await management(
    { name: 'SQLite', open, openMigrated: open },
    { served: (store) => undoing.of(store) },
  )
  const stage = await setStage(sluice)
  await before?.(sluice)
  undoing.begin()
  return { sluice, stage, [Symbol.asyncDispose]: () => sluice[Symbol.asyncDispose]() }
}

class Undoing {
  #begun = false

  begin(): void {
    this.#begun = true
  }

  of(store: Store): Store {
    return {
      ...store,
      write: async (locks, work) => {
        if (!this.#begun) return store.write(locks, work)
        let answer: { readonly value: Awaited<ReturnType<typeof work>> } | undefined
        try {
          return await store.write(locks, async (transaction) => {
            answer = { value: await work(transaction) }
            throw undone
          })
        } catch (error) {
          if (error === undone && answer !== undefined) return answer.value
          throw error
        }
      },
    }
  }
}

const undone = new Error('the change is undone')
