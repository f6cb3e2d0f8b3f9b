/** The same memory is the same answer, to the byte, whatever container holds it. */

import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../samples/cases.ts';
import { inspect, openDump, parseSnapshot } from '../../src/index.ts';
import { asEveryContainer } from '../support/containers.ts';
import { temporaryFolder } from '../support/temporary.ts';

const STORIES = ['healthy-two-level', 'bad-span', 'linear-on-two-level', 'l2-outside-dump'];

describe.each(SAMPLES.filter(({ name }) => STORIES.includes(name)))('$name', ({ memory, smmus }) => {
  const written = asEveryContainer(memory.extents(), temporaryFolder());
  const snapshot = parseSnapshot({ smmus }, 'regs.json');

  /** The `smmus` part of the report. */
  async function smmusOf(dump: readonly string[]): Promise<string> {
    const opened = await openDump(dump);
    const inspection = await inspect(opened, snapshot, { insert: 'all', all: true });
    const { complete, problems } = opened;
    expect({ complete, problems }, 'the dump is whole').toEqual({ complete: true, problems: [] });
    const json = JSON.stringify(inspection.smmus);
    opened.close();
    return json;
  }

  test.each(written)('$name', async ({ dump }) => {
    expect(await smmusOf(dump)).toBe(await smmusOf(written[0]?.dump ?? []));
  });
});
