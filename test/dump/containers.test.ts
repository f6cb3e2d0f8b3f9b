/**
 * The same memory is the same answer, to the byte, whatever container holds it; except that what lies outside of a
 * container without an end mark is unknown.
 */

import { describe, expect, test } from 'vitest';
import { SAMPLES } from '../../samples/cases.ts';
import { ENXIO } from '../../src/adopt/errno.ts';
import { inspect, openDump, parseSnapshot } from '../../src/index.ts';
import { asEveryContainer } from '../support/containers.ts';
import { publishedInspection } from '../support/published.ts';
import { someOf } from '../support/slow.ts';
import { temporaryFolder } from '../support/temporary.ts';

const INSIDE = ['healthy-two-level', 'bad-span', 'linear-on-two-level'];
const OUTSIDE = 'l2-outside-dump';
const stories = SAMPLES.filter(({ name }) => [...INSIDE, OUTSIDE].includes(name));

describe.each(stories)('$name', ({ name: story, memory, smmus }) => {
  const written = asEveryContainer(memory.extents(), temporaryFolder());
  const snapshot = parseSnapshot({ smmus }, 'regs.json');

  /** The `smmus` part of the report, and what devices are answered. */
  async function smmusOf(dump: readonly string[]) {
    const opened = await openDump(dump);
    const inspection = await inspect(opened, snapshot, { insert: story === OUTSIDE ? [0x8, 0x100] : 'all', all: true });
    const { complete, mapComplete, problems } = opened;
    const whole = { complete: mapComplete ? true : null, problems: [] };
    expect({ complete, problems }, 'nothing is missing').toEqual(whole);
    const json = JSON.stringify(publishedInspection(inspection).smmus);
    const messages = inspection.findings.map(({ message }) => message);
    const rets = inspection.smmus.flatMap(({ inserts }) => inserts.map(({ ret }) => ret));
    opened.close();
    return { json, rets, messages, mapComplete };
  }

  let asRaw: ReturnType<typeof smmusOf> | undefined;

  // Containers do not know what is in them: one story inside and the one outside go into all, the others into some.
  const whole = [INSIDE[0], OUTSIDE].includes(story);
  test.each(whole ? written : someOf(written, 6))('$name', async ({ name, dump }) => {
    asRaw ??= smmusOf(written[0]?.dump ?? []);
    const raw = await asRaw;
    const { json, rets, messages, mapComplete } = await smmusOf(dump);
    expect(mapComplete).toBe(!/^(LiME|AVML)/.test(name));
    if (mapComplete || story !== OUTSIDE) {
      expect(json).toBe(raw.json);
    } else {
      expect(raw.rets).toContain(ENXIO);
      expect(rets).toEqual(raw.rets.map((ret) => (ret === ENXIO ? null : ret)));
      expect(messages.join('\n')).toContain('the L2 table of L1[1] is not in the dump, so whether SID 0x100');
    }
  });
});
