import type { Command } from 'commander'
import { SettingsError } from '../config/settings.js'

/** A reason for which a command cannot go on, in one line for the person who typed it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'

  constructor(
    message: string,
    /** 1: failed; 2: wrong usage. */
    readonly exitCode: 1 | 2,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Turns a failure that is the caller's into one line and an exit code; everything else is a defect and stays one. */
export async function orFail(command: Command, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (error instanceof CommandFailure) command.error(`error: ${error.message}`, { exitCode: error.exitCode })
    if (error instanceof SettingsError) command.error(`error: ${error.message}`, { exitCode: 2 })
    throw error
  }
}
