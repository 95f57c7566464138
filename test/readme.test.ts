import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { startSluice } from './sluice.js'

const run = promisify(execFile)
const root = new URL('..', import.meta.url)

test.each([['README.md'], ['README.zh-CN.md']])(
  'the tour of %s does what it says, as pasted',
  { timeout: 60_000 },
  async (file) => {
    const readme = await readFile(new URL(file, root), 'utf8')
    const tour = /\n## [\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
    await using sluice = await startSluice({})

    const script = tour
      .replace('node dist/cli/main.js', `node --no-deprecation ${inject('program')}`)
      .replaceAll('localhost:8000', `localhost:${new URL(sluice.http).port}`)
    const { stdout } = await run('bash', ['-euc', script], {
      cwd: root,
      env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: sluice.dataDir },
    })

    expect(stdout).toContain('"error_code":"APIG.0303"')
    expect(stdout).toContain('{"hello":"world"}')
    expect(stdout).toMatch(/"code":\s*"APIG.0000"/)
  },
)
