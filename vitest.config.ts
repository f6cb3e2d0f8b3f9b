import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Half of the tests wait for a process that they started, so no core is kept free for the runner.
    maxWorkers: '100%',
    // Modules keep nothing between tests, so files share them instead of loading all of them again.
    isolate: false,
  },
});
