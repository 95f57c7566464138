import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/program.ts', 'test/sqlite.ts', 'test/postgres.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    maxWorkers: availableParallelism(),
    // Real servers and processes: a test that hangs must fail, one that is merely slow on a busy machine must not.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
})
