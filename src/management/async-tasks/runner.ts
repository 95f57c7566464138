/**
 * Does what was stored to be done later, one task after another, in the control process. A task that was waiting when
 * the process ended is done by the next one; one that was under way has failed, and nothing of it was kept.
 */
import type { Vault } from '../../config/vault.js'
import { fault, isFault } from '../../contract/faults.js'
import {
  beginTask,
  deleteEndedTasks,
  endInterruptedTasks,
  endTask,
  nextTask,
  type TaskEnd,
} from '../../store/async-tasks.js'
import type { AsyncTaskRow } from '../../store/schema.js'
import type { Database, Store } from '../../store/store.js'
import { newId } from '../call.js'
import { requireInstance } from '../instances/state.js'
import type { ManagementSettings, OperationContext, TaskQueue, Transactions } from '../operation.js'
import { readTask, taskOperation, type StoredTask } from './stored-task.js'

/** Milliseconds that a task can be asked for after it ended. */
const KEPT = 24 * 3_600_000

/**
 * The work of a task. It ends the task itself, with `end`, in the transaction that writes: what a task did and that it
 * is done are kept together or not at all.
 */
export type TaskWork = (task: StoredTask, transactions: Transactions, end: EndTask) => Promise<void>

export type EndTask = (context: OperationContext, result: string) => Promise<void>

export interface TaskRunnerOptions {
  readonly store: Store
  readonly vault: Vault
  readonly settings: ManagementSettings
  readonly clock: () => number
  readonly work: TaskWork
  /** Told of what should not have happened. */
  readonly onError: (error: unknown) => void
}

export class TaskRunner implements TaskQueue {
  #round: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(private readonly options: TaskRunnerOptions) {}

  /** Looks after what an earlier process left. */
  async start(): Promise<void> {
    const { store, clock } = this.options
    await store.write([], ({ db }) => endInterruptedTasks(db, resultOf(fault('APIG.9999')), clock()))
    this.wake()
  }

  wake(): void {
    this.#again = true
    if (this.#round !== undefined || this.#closed) return
    this.#round = this.#work().finally(() => {
      this.#round = undefined
      if (this.#again) this.wake()
    })
  }

  /** Forgets tasks that nobody has to be told of any more. */
  async tidy(): Promise<void> {
    const { store, clock } = this.options
    await store.write([], ({ db }) => deleteEndedTasks(db, clock() - KEPT))
  }

  /** Ends the task that is under way; those that wait are for the next process. */
  async close(): Promise<void> {
    this.#closed = true
    this.#again = false
    await this.#round
  }

  async #work(): Promise<void> {
    try {
      while (!this.#closed) {
        this.#again = false
        const row = await this.options.store.read(nextTask)
        if (row === undefined) return
        await this.#run(row)
      }
    } catch (error) {
      // The database does not answer: the next task, or the next look at what waits, tries again.
      this.#again = false
      this.options.onError(error)
    }
  }

  async #run(row: AsyncTaskRow): Promise<void> {
    const { store, clock, work, onError } = this.options
    await store.write([], ({ db }) => beginTask(db, row.id, clock()))
    try {
      const task = readTask(row)
      await work(task, this.#transactions(task), ({ db, now }, result) =>
        endTask(db, row.id, { status: 'succeed', result }, now),
      )
    } catch (error) {
      if (!isFault(error)) onError(error)
      const end: TaskEnd = { status: 'failed', result: resultOf(isFault(error) ? error : fault('APIG.9999')) }
      await store.write([], ({ db }) => endTask(db, row.id, end, clock()))
    }
  }

  #transactions({ type, instanceId, projectId, caller }: StoredTask): Transactions {
    const { store, vault, settings, clock } = this.options
    const context = async (db: Database, changed: (partKey: string) => void): Promise<OperationContext> => {
      const now = clock()
      await requireInstance(db, { id: taskOperation[type], projectId, instanceId, now })
      return { db, changed, caller, projectId, instanceId, now, newId, vault, settings }
    }
    return {
      read: (step) => store.read(async (db) => step(await context(db, () => undefined))),
      write: (step) => store.write([instanceId], async (tx) => step(await context(tx.db, tx.changed))),
    }
  }
}

const resultOf = ({ code, message }: { readonly code: string; readonly message: string }): string =>
  JSON.stringify({ error_code: code, error_msg: message })
