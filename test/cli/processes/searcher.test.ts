/** A process that searches for another, and does not answer. */

import { expect, test } from 'vitest';
import { Searcher } from '../../../src/cli/processes/searcher.ts';

test('nobody waits for ever for a process that says nothing', async () => {
  const searcher = new Searcher([process.execPath, '-e', 'setInterval(() => {}, 1000)'], {}, 10);
  expect(await searcher.ask({})).toBeNull();
  expect(await searcher.ask({})).toBeNull();
});
