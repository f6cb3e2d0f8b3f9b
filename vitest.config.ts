import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Half of the tests wait for a process that they started, so no core is kept free for the runner.
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, maxWorkers: '100%' },
});
