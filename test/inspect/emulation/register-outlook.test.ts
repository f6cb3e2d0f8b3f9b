/** What follows from registers alone: the reach of the table, how far an adoption comes, what the queues take. */

import { describe, expect, test } from 'vitest';
import { REVISIONS } from '../../../src/adopt/revisions/revisions.ts';
import { validateRegisters } from '../../../src/inspect/emulation/register-outlook.ts';
import { VALIDATION } from '../../../src/report/json/validation.ts';
import { assumedInWords } from '../../../src/report/prose/assumptions.ts';
import { registerOutlook } from '../../../src/report/sections/register-outlook.ts';
import { sectionLines } from '../../../src/report/text/render.ts';
import { plainStyle } from '../../../src/report/text/style.ts';
import { parseSnapshot } from '../../../src/snapshot/load.ts';

/** Coherent, two-level, SIDSIZE 32, PRI; 2^19 commands, events and requests; table of 25 bits. */
const SERVER = {
  IDR0: '0x0801001a',
  IDR1: '0x02739d20',
  CR0: '0xd',
  GERROR: '0x0',
  GERRORN: '0x0',
  STRTAB_BASE: '0x40000000',
  STRTAB_BASE_CFG: '0x10219',
  CMDQ_BASE: '0x50000010',
  EVENTQ_BASE: '0x5010000f',
};

function validated(registers: Readonly<Record<string, string | undefined>>, coherent: boolean | null = true) {
  const given = Object.fromEntries(Object.entries({ ...SERVER, ...registers }).filter(([, value]) => value));
  const firmware = coherent === null ? {} : { firmware: { coherent } };
  const smmus = [{ name: 'smmu', base: '0x9050000', ...firmware, registers: given }];
  return validateRegisters(parseSnapshot({ version: 1, captured: 'running', smmus }, 'regs.json'));
}

/** Three that stand for many. */
const WATCHED = ['v6', 'v7', 'v10'];

const outlook = (...args: Parameters<typeof validated>) => validated(...args).smmus[0]?.outlook ?? null;
const outcomes = (...args: Parameters<typeof validated>) =>
  outlook(...args)
    ?.adoptions.filter(({ revision }) => WATCHED.includes(revision))
    .map(({ revision, outcome, decidedBy }) => [revision, outcome, decidedBy?.id ?? null]);

describe('the reach of the table', () => {
  test.each<[string, Record<string, string | undefined>, object]>([
    ['of fewer bits than a StreamID has', {}, { coveredBits: 25, sidBits: 32, entries: 1 << 17, byteLength: 1 << 20 }],
    ['of more', { IDR1: '0x02739d10' }, { coveredBits: 16, sidBits: 16 }],
    ['of a StreamID that nothing is known of', { IDR1: undefined }, { coveredBits: 25, sidBits: null }],
    ['linear', { STRTAB_BASE_CFG: '0x8' }, { format: 'linear', coveredBits: 8, entries: 256, byteLength: 16384 }],
    ['of a reserved format', { STRTAB_BASE_CFG: '0x20008' }, { format: 'reserved', coveredBits: 8, entries: 256 }],
  ])('%s', (_, registers, table) => {
    expect(outlook(registers)?.table).toMatchObject(table);
  });
});

describe('how far an adoption comes', () => {
  const all = (outcome: string, check: string | null) => WATCHED.map((name) => [name, outcome, check]);

  test('nothing stands in its way', () => {
    expect(outcomes({})).toEqual(all('open', null));
    expect(outlook({})?.adoptions[0]?.assumed).toEqual([]);
  });

  test.each<[string, Record<string, string | undefined>, boolean, string]>([
    ['an SMMU that was off', { CR0: '0x0' }, true, 'gate.smmuen'],
    ['one that is not coherent', {}, false, 'gate.coherent'],
    ['Service Failure Mode', { GERROR: '0x100' }, true, 'gate.service-failure'],
  ])('the gate: %s', (_, registers, coherent, check) => {
    expect(outcomes(registers, coherent)).toEqual(all('not-attempted', check));
  });

  test('an active command error is no reason', () => {
    expect(outcomes({ GERROR: '0x1' })).toEqual(all('open', null));
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    ['a reserved format', { STRTAB_BASE_CFG: '0x20008' }, 'strtab.format'],
    ['another split', { STRTAB_BASE_CFG: '0x10199' }, 'two-level.split'],
    ['two levels on hardware without', { IDR0: '0x0001001a' }, 'two-level.feature'],
  ])('the geometry: %s', (_, registers, check) => {
    expect(outcomes(registers)).toEqual(all('fails', check));
  });

  test('where revisions part', () => {
    expect(outcomes({ STRTAB_BASE: '0x40010000' })).toEqual([
      ['v6', 'open', null],
      ['v7', 'open', null],
      ['v10', 'fails', 'two-level.l1-alignment'],
    ]);
  });

  test('what was taken for granted', () => {
    const assumed = outlook({ CR0: undefined }, null)?.adoptions.map((one) => one.assumed);
    expect(new Set(assumed?.map((one) => one.map(assumedInWords).join()))).toEqual(
      new Set(['firmware.coherent,CR0.SMMUEN']),
    );
  });
});

describe('what the queues take', () => {
  const MIB = 1 << 20;
  const ALL = [...REVISIONS.keys()];
  const THROUGH_V9 = ALL.slice(0, ALL.indexOf('v10'));

  test('by what is programmed, and by how the kernel is built', () => {
    const { queues, builds } = outlook({})?.queues ?? {};
    expect(queues).toEqual([
      { queue: 'command', permittedBytes: 8 * MIB, programmedBytes: MIB, allocatedBy: ALL },
      { queue: 'event', permittedBytes: 16 * MIB, programmedBytes: MIB, allocatedBy: THROUGH_V9 },
      { queue: 'pri', permittedBytes: 8 * MIB, programmedBytes: null, allocatedBy: THROUGH_V9 },
    ]);
    expect(builds?.map(({ pageSize, cmaAlignment, bytes }) => [pageSize, cmaAlignment, ...bytes])).toEqual([
      [4096, 8, MIB, MIB, MIB],
      [4096, null, 4 * MIB, 4 * MIB, 4 * MIB],
      [16384, 8, 4 * MIB, 4 * MIB, 4 * MIB],
      [16384, null, 8 * MIB, 16 * MIB, 8 * MIB],
      [65536, 8, 8 * MIB, 16 * MIB, 8 * MIB],
      [65536, null, 8 * MIB, 16 * MIB, 8 * MIB],
    ]);
  });

  test('an SMMU without page requests has no queue for them', () => {
    expect(outlook({ IDR0: '0x0800001a' })?.queues.queues.map(({ queue }) => queue)).toEqual(['command', 'event']);
  });

  test('without IDR1 nobody can say', () => {
    expect(outlook({ IDR1: undefined })?.queues).toMatchObject({
      builds: null,
      queues: [{ permittedBytes: null }, {}, {}],
    });
  });
});

test('registers that are none have no outlook', () => {
  const zero = Object.fromEntries(Object.keys(SERVER).map((name) => [name, '0x0']));
  expect(validated(zero)).toMatchObject({ usable: false, smmus: [{ outlook: null }] });
});

test('published with addresses as hex text', () => {
  expect(VALIDATION.toJson(validated({}))).toMatchObject({
    schemaVersion: 1,
    smmus: [{ name: 'smmu', outlook: { table: { base: '0x40000000', coveredBits: 25 } } }],
  });
});

test('in words', () => {
  const text = (...args: Parameters<typeof validated>) => {
    const found = outlook(...args);
    return found === null
      ? ''
      : registerOutlook(found)
          .flatMap((one) => [...sectionLines(plainStyle(100), one)])
          .join('\n');
  };
  expect(text({}).replace(/\s+/g, ' ')).toContain(
    '25 of 32 bits of a StreamID, 0x0 to 0x1ffffff; any greater one is answered with C_BAD_STREAMID.',
  );
  expect(text({}, false).replace(/\s+/g, ' ')).toContain(
    'v5 to v10: not attempted: gate.coherent found false, required true. The kernel prints "IDR0.COHACC overridden',
  );
});
