#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { registerCall } from './call.js'
import { registerDoctor } from './doctor.js'
import { registerSign } from './sign.js'
import { registerStart } from './start.js'
import { programVersion, registerVersion } from './version.js'

/** What commander calls the failure of a command that ran, to tell it from wrong usage. */
const OWN_FAILURE = 'commander.error'

const program = new Command('sluice')
  .description('API gateway with the management API of Huawei Cloud APIG.')
  .version(programVersion(), '-V, --version', 'print the version')
  .helpCommand(false)
  // Before any command is added, for they inherit it.
  .exitOverride()

registerStart(program)
registerCall(program)
registerSign(program)
registerDoctor(program)
registerVersion(program)

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) throw error
  process.exitCode = exitCodeOf(error)
  if (process.exitCode === 2 && error.code !== OWN_FAILURE) process.stderr.write('--help tells how it is used.\n')
}

/** 0 for help that was asked for; 2 for wrong usage; what a command ended with on its own account. */
function exitCodeOf({ code, exitCode }: CommanderError): number {
  return code === OWN_FAILURE || exitCode === 0 ? exitCode : 2
}
