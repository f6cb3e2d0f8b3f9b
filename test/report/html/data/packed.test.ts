/** Rows that are packed for the page come out again as they were. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PAGE_STATES } from '../../../../src/dump/memory.ts';
import { StePacker } from '../../../../src/report/html/data/pack.ts';
import { Expected, stateOf, unpackWords } from '../../../../src/report/html/data/packed.ts';
import type { SteRow } from '../../../../src/tables/ste-rows.ts';
import { holds } from '../../../support/holds.ts';

const words = fc.array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), {
  minLength: 8,
  maxLength: 8,
});
const paddr = fc.integer({ min: 0, max: 2 ** 46 }).map((entry) => entry * 64);
const state = fc.constantFrom(...PAGE_STATES);
const cd = fc.record({ ssid: fc.nat(2 ** 20 - 1), address: paddr, words, state });
const ste = fc.record({
  sid: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  address: paddr,
  words,
  state,
  table: fc.option(fc.record({ address: paddr, cds: fc.array(cd, { maxLength: 3 }) })),
});

test('STEs with their CDs, whatever their order', () => {
  holds(
    fc.property(fc.array(ste, { maxLength: 20 }), (stes) => {
      const packer = new StePacker();
      const expected = new Expected();
      for (const one of stes) {
        const row = rowOf(one);
        const [sid, step, packedState, packedWords, , cds] = JSON.parse(JSON.stringify(packer.pack(row, row.cds)));
        expect(sid).toBe(one.sid);
        expect(expected.address(sid, step)).toBe(one.address);
        expect(stateOf(packedState)).toBe(one.state);
        expect(unpackWords(packedWords)).toEqual(one.words);
        const addresses = (cds ?? []).map(
          ([ssid, cdStep]: number[]) => (one.table?.address ?? 0) + (ssid ?? 0) * 64 + (cdStep ?? 0),
        );
        expect(addresses).toEqual(one.table?.cds.map(({ address }) => address) ?? []);
        const unpacked = (cds ?? []).map(([, , , text]: string[]) => unpackWords(text ?? ''));
        expect(unpacked).toEqual(one.table?.cds.map((entry) => entry.words) ?? []);
      }
    }),
  );
});

function rowOf({
  sid,
  address,
  words: wide,
  state: pageState,
  table,
}: typeof ste extends fc.Arbitrary<infer T> ? T : never): SteRow {
  const format = 'linear' as const;
  const about = { entries: 1, withoutSsid: 'only-cd' as const, unknown: 0, notListed: 0, notExamined: 1 };
  return {
    sid,
    bdf: '',
    device: null,
    address,
    words: wide,
    valid: true,
    config: 's1',
    fields: {},
    pageState,
    cdTable: table === null ? null : { format, address: table.address, ...about },
    cds: (table?.cds ?? []).map((entry) => ({
      ssid: entry.ssid,
      address: entry.address,
      words: entry.words,
      asid: 0,
      fields: {},
      pageState: entry.state,
    })),
  };
}
