/** Pages that scripts make of what Sluice is, in English and in Chinese. */
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'

type Section = 'settings' | 'compatibility'

export interface Language {
  /** `''` for English. */
  readonly suffix: '' | '.zh-CN'
  /** What stands for an English text. */
  readonly say: (text: string) => string
}

interface Translations extends Language {
  /** Texts without a translation, and translations of texts that nobody says any more. */
  problems(): string[]
}

export const english: Language = { suffix: '', say: (text) => text }

/** By scripts/chinese.json; what it does not have stays English, and is told. */
export function chinese(section: Section): Translations {
  const file = new URL('chinese.json', import.meta.url)
  const known = new Map(
    Object.entries((JSON.parse(readFileSync(file, 'utf8')) as Record<Section, Record<string, string>>)[section]),
  )
  const said = new Set<string>()
  return {
    suffix: '.zh-CN',
    say(text) {
      said.add(text)
      return known.get(text) ?? text
    },
    problems: () => [
      ...[...said].filter((text) => text !== '' && !known.has(text)).map((text) => `has no translation of: ${text}`),
      ...[...known.keys()].filter((text) => !said.has(text)).map((text) => `translates what nobody says: ${text}`),
    ],
  }
}

/**
 * Writes docs/<name>.md in both languages; with `--check`, fails when that would change anything, or when a translation is
 * missing.
 */
export async function makePages(name: Section, textIn: (language: Language) => string): Promise<void> {
  const isCheck = process.argv.includes('--check')
  const translations = chinese(name)
  for (const language of [english, translations]) {
    const file = `docs/${name}${language.suffix}.md`
    const page = new URL(`../${file}`, import.meta.url)
    const text = textIn(language)
    if (!isCheck) await writeFile(page, text)
    else if ((await readFile(page, 'utf8').catch(() => '')) !== text) {
      console.error(`${file} is not what it would be made now: run \`npm run generate\``)
      process.exitCode = 1
    }
  }
  const problems = translations.problems()
  for (const problem of problems) console.error(`scripts/chinese.json (${name}) ${problem}`)
  if (isCheck && problems.length > 0) process.exitCode = 1
}
