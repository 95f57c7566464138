import { Option, type Command } from 'commander'
import { flagName, secretKeys, settingFields, settingKeys, type SettingKey } from '../config/setting-fields.js'
import { loadSettings, type Settings } from '../config/settings.js'
import type { Terminal } from './terminal.js'

/** What commander makes of the flags: `--data-dir` becomes `dataDir`. */
export type FlagValues = Readonly<Record<string, unknown>>

/** Adds a flag for every setting that may be one. */
export function addSettingFlags(command: Command): Command {
  command.option('--config <file>', 'file of settings; default: sluice.yaml, if there is one')
  for (const key of settingKeys)
    if (!secretKeys.has(key)) command.option(`${flagName(key)} <value>`, settingFields[key].description ?? '')
  return command
}

/** @throws {SettingsError} */
export function settingsFrom(values: FlagValues, terminal: Terminal): Settings {
  const flags: Partial<Record<SettingKey, string>> = {}
  for (const key of settingKeys) {
    const value = values[new Option(`${flagName(key)} <value>`).attributeName()]
    if (typeof value === 'string') flags[key] = value
  }
  const { config } = values
  return loadSettings({
    flags,
    environment: terminal.environment,
    directory: terminal.directory,
    terminal: terminal.output.isTTY === true,
    ...(typeof config === 'string' ? { file: config } : {}),
  })
}
