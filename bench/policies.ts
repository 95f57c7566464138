/**
 * Runs `pipeline.ts` as one file that esbuild makes of it. tsx, which runs it as it is, gives functions their names when
 * they are made: half a microsecond for each that a request makes, which the product does not pay.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { build } from 'esbuild'

const outfile = join(import.meta.dirname, '..', 'dist', 'bench', 'pipeline.js')
await build({
  entryPoints: [join(import.meta.dirname, 'pipeline.ts')],
  ...{ outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' },
})
process.exitCode = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' }).status ?? 1
