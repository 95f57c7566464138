import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests that measure time or memory of the process that they run in: nothing else may have run in it. */
const ALONE = [
  'src/gateway/backends/http.test.ts',
  'src/gateway/backends/conditions.test.ts',
  'test/measure/**/*.test.ts',
]

// Real servers and processes: a test that hangs must fail, one that is merely slow on a busy machine must not.
const patience = { testTimeout: 60_000, hookTimeout: 120_000, expect: { poll: { timeout: 10_000 } } }

export default defineConfig({
  test: {
    // Once for both; a project that extended this one would set up everything again.
    globalSetup: ['test/program.ts', 'test/sqlite.ts', 'test/postgres.ts'],
    // One more than there are cores: tests of processes wait a lot for them.
    maxWorkers: availableParallelism() + 1,
    reporters: ['default'],
    projects: [
      { test: { name: 'alone', include: ALONE, ...patience } },
      {
        // Half of a short test's cost is importing Sluice and compiling it: these files share what they import.
        test: {
          name: 'shared',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
          ...patience,
        },
      },
    ],
  },
})
