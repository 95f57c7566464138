/**
 * Makes one text of a function's module and the files that it imports, by esbuild: TypeScript and both kinds of modules,
 * on every Node alike. What a package.json above the folder says of modules does not matter. Packages stay outside, and
 * are looked for in node_modules as ever.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BuildOptions, Plugin } from 'esbuild'
import { FunctionDefect, type Located } from './folder.js'

/** Its files are read by us: a module's kind is told by what it holds. */
const OURS = 'function'
const LOADERS = { js: 'js', mjs: 'js', cjs: 'js', ts: 'ts', mts: 'ts', cts: 'ts', json: 'json' } as const

/** @throws {FunctionDefect} */
export async function compileFunction({ file }: Pick<Located, 'file'>): Promise<string> {
  return bundle({ entryPoints: [file], plugins: [asTheyAre], define: { 'import.meta.url': IMPORT_META_URL } })
}

const IMPORT_META_URL = '__sluice_url'

/** What runs in every process, made once. From src/ and from dist/ alike. */
export function compileRunner(): Promise<string> {
  return (runner ??= bundle({ entryPoints: [fileURLToPath(new URL('../functions/runner', import.meta.url))] }))
}
let runner: Promise<string> | undefined

async function bundle(options: BuildOptions): Promise<string> {
  // Whoever runs no functions does not load it.
  const { build } = await import('esbuild')
  try {
    const { outputFiles } = await build({
      ...options,
      bundle: true,
      write: false,
      packages: 'external',
      platform: 'node',
      format: 'cjs',
      target: 'node20.19',
      logLevel: 'silent',
    })
    return outputFiles[0]?.text ?? ''
  } catch (error) {
    throw new FunctionDefect(error instanceof Error ? error.message : String(error))
  }
}

const asTheyAre: Plugin = {
  name: 'functions',
  setup(bundler) {
    bundler.onResolve({ filter: /^[./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === OURS) return undefined
      const found = await bundler.resolve(path, { kind, resolveDir: resolveDir || dirname(path), pluginData: OURS })
      return found.errors.length > 0 || found.external ? found : { path: found.path, namespace: OURS }
    })
    bundler.onLoad({ filter: /.*/, namespace: OURS }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises')
      const extension = path.slice(path.lastIndexOf('.') + 1)
      const loader = Object.hasOwn(LOADERS, extension) ? LOADERS[extension as keyof typeof LOADERS] : 'js'
      return { contents: await readFile(path, 'utf8'), loader, resolveDir: dirname(path) }
    })
  },
}
