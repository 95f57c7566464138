/** A folder of functions for a test, which goes with it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export interface FunctionsFolder extends Disposable {
  readonly directory: string
  write(file: string, text: string): void
}

/** @param files texts by path, such as `default/hello.js` */
export function functionsFolder(files: Readonly<Record<string, string>> = {}): FunctionsFolder {
  const directory = mkdtempSync(join(tmpdir(), 'functions-'))
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(directory, file)), { recursive: true })
    writeFileSync(join(directory, file), text)
  }
  for (const [file, text] of Object.entries(files)) write(file, text)
  return {
    directory,
    write,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** URN of a function in the package `default`. */
export const urnOf = (name: string): string => `urn:fss:local-1:p1:function:default:${name}`
