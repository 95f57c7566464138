/**
 * The program as JavaScript, made once for the whole run from the sources as they are: tests that start its processes
 * would otherwise compile it in each of them. It lies where no other run writes, beside links to what it reads.
 */
import { build, stop } from 'esbuild'
import { mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** File of the command line. */
    program: string
  }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { main, remove } = await makeProgram()
  project.provide('program', main)
  return remove
}

/** `main` is the file of the command line. */
export async function makeProgram(): Promise<{ readonly main: string; readonly remove: () => Promise<void> }> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sluice-program-')))
  for (const name of ['node_modules', 'package.json', 'spec']) await symlink(join(ROOT, name), join(directory, name))
  const dist = join(directory, 'dist')
  await build({
    entryPoints: ['main', 'control-process', 'gateway-process'].map((name) => join(ROOT, 'src/cli', `${name}.ts`)),
    outdir: join(dist, 'cli'),
    // In few files, because hundreds take longer to load. All of them as deep as a module that looks for its neighbours.
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
  })
  // It is compiled again, by itself, where it runs.
  await build({
    entryPoints: [join(ROOT, 'src/functions/runner.ts')],
    outdir: join(dist, 'functions'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
  })
  await stop()
  return { main: join(dist, 'cli/main.js'), remove: () => rm(directory, { recursive: true, force: true }) }
}
