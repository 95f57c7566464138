/** What a person sees when Sluice is ready: where everything is, and what to type next. */
import { basename, join, relative } from 'node:path'
import { styleText } from 'node:util'
import { localUrl } from '../config/listen-address.js'
import type { Settings } from '../config/settings.js'
import type { Ready } from './supervisor.js'

export interface BannerOptions {
  readonly settings: Settings
  readonly ready: Ready
  readonly version: string
  readonly colours: boolean
  /** Path of the program that runs, and the directory that a command is typed in. */
  readonly program: string
  readonly directory: string
}

/** Whether there are colours was decided already, by the terminal that this is for. */
const ALWAYS = { validateStream: false }

export function banner({ settings, ready, version, colours, program, directory }: BannerOptions): string {
  const strong = (text: string) => (colours ? styleText('bold', text, ALWAYS) : text)
  const address = (text: string) => (colours ? styleText('cyan', text, ALWAYS) : text)
  const credentials = join(settings.dataDir, 'credentials.json')
  const lines: [name: string, value: string][] = [
    ['Management', address(localUrl('http', ready.management))],
    ['Gateway', `${address(localUrl('http', ready.http))} and ${address(localUrl('https', ready.https))}`],
    ['Data', settings.dataDir],
    ['Credentials', credentials],
  ]
  if (ready.created !== undefined)
    lines.push(
      ['User', ready.created.user_name],
      ['Password', ready.created.password],
      ['Access key', ready.created.access_key],
      ['Secret key', ready.created.secret_key],
    )
  const table = lines.map(([name, value]) => `  ${name.padEnd(13)}${value}`).join('\n')
  // The command finds the credentials by itself only in the default place.
  const usual = settings.dataDir === join(directory, '.sluice')
  const where = usual ? '' : ` --credentials ${shellWord(relative(directory, credentials))}`
  const command = `${programName(program, directory)} call GET '/v2/{project_id}/apigw/instances'${where}`
  return `\n${strong(`Sluice ${version} is ready.`)}\n\n${table}\n\n${strong('Try:')}\n  ${command}\n\n`
}

/** How the program that runs can be typed: `sluice` if it is installed, else by its path. */
function programName(program: string, directory: string): string {
  return basename(program) === 'sluice' ? 'sluice' : `node ${shellWord(relative(directory, program))}`
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
