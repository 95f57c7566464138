import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { loadSettings } from '../config/settings.js'
import { CommandFailure } from './command-failure.js'
import type { Terminal } from './terminal.js'

const schema = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  project_id: z.string(),
  access_key: z.string(),
  secret_key: z.string(),
  instance_id: z.string().optional(),
})

/** The part of `credentials.json` (written at the first start) that a signed call needs. */
export type Credentials = z.infer<typeof schema>

/** @throws {CommandFailure} */
export function readCredentials(file: string | undefined, terminal: Terminal): Credentials {
  const path =
    file === undefined ? resolve(settingsOf(terminal).dataDir, 'credentials.json') : resolve(terminal.directory, file)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const hint = file === undefined ? ': start Sluice here first, or name a file with --credentials' : ''
    throw new CommandFailure(`cannot read the credentials in ${path}${hint}`, 1, { cause })
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (cause) {
    throw new CommandFailure(`${path} is not JSON`, 1, { cause })
  }
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')
  throw new CommandFailure(`${path} has no valid ${fields}`, 1)
}

export const settingsOf = ({ environment, directory }: Terminal) =>
  loadSettings({ flags: {}, environment, directory, terminal: false })
