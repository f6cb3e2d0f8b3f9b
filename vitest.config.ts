import { spawnSync } from 'node:child_process';
import { defineConfig } from 'vitest/config';

/** Longer than anything takes on the busiest machine: only what hangs gets here. */
const HANG_MS = 300_000;

/** Flags of V8 come and go; Node does not start with one that it does not know. */
const { stdout: known } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
const isKnown = (flag: string) => known.includes(`  ${flag.replace(/=.*/, ' ')}`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    testTimeout: HANG_MS,
    hookTimeout: HANG_MS,
    expect: { requireAssertions: true, poll: { timeout: HANG_MS } },
    // Some tests wait for a process that they started, so no core is kept free for the runner.
    maxWorkers: '100%',
    // Modules keep nothing between tests, so files share them instead of loading all of them again.
    isolate: false,
    // What a module is made to is kept below node_modules, by its text: making all of them takes as long as many tests do.
    experimental: { fsModuleCache: true },
    // The command is run in the working folder that its arguments are relative to, which a thread cannot change.
    pool: 'forks',
    execArgv: [
      // Dumps are made and dropped by the thousand; with room for young objects, collecting them costs less.
      '--max-semi-space-size=32',
      // What several threads collect is collected sooner, and costs more of the processor.
      '--single-threaded-gc',
      // Most code runs for one test and not again: optimising it took a quarter of the processor time. What runs long still is.
      ...[
        '--interrupt-budget=500000',
        '--invocation-count-for-maglev=2000',
        '--invocation-count-for-turbofan=30000',
      ].filter(isKnown),
    ],
  },
});
