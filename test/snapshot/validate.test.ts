/** What is striking about registers, and what missing ones cost: every check with registers that it is about. */

import { describe, expect, test } from 'vitest';
import { costInWords } from '../../src/report/prose/assumptions.ts';
import { strikingInWords } from '../../src/report/prose/remarks.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { explainSnapshot } from '../../src/snapshot/validate/explain.ts';
import { missingRegisters } from '../../src/snapshot/validate/missing.ts';
import { plausibility } from '../../src/snapshot/validate/plausibility.ts';

const SOUND = { IDR0: 0x0d40101an, IDR1: 0x02730010n, CR0: 0xdn, STRTAB_BASE: 0x430a3000n, STRTAB_BASE_CFG: 0x10210n };

const remarks = (values: Readonly<Record<string, bigint>>) =>
  plausibility(new Map(Object.entries(values))).map(({ severity, what }) => `${severity}: ${strikingInWords(what)}`);

describe('plausibility', () => {
  test('nothing is said of sound registers, nor of none', () => {
    expect(remarks(SOUND)).toEqual([]);
    expect(remarks({})).toEqual([]);
  });

  test.each<[Record<string, bigint>, string[]]>([
    [
      { CR0: 0n, IDR0: 0n },
      [
        'unusable: every register is zero: no SMMU at this address, one without power, or a block read',
        'warning: CR0.SMMUEN is 0: the SMMU was off, and there is nothing to adopt',
      ],
    ],
    [{ IIDR: 0xffffffffn }, ['unusable: every register is all ones: no SMMU at this address, or one without power']],
    [
      { IDR0: 0n, IDR1: 0n, CR0: 0n, STRTAB_BASE: 1n },
      [
        'unusable: IDR0, IDR1 and CR0 are zero, but STRTAB_BASE is not: the 32-bit registers were read in blocks, which ' +
          'QEMU answers with zero',
        'warning: CR0.SMMUEN is 0: the SMMU was off, and there is nothing to adopt',
      ],
    ],
    [{ CR0: 0xdn, CR0ACK: 0xcn }, ['warning: CR0 and CR0ACK differ in SMMUEN: a change was in progress']],
    [
      { IRQ_CTRL: 5n, IRQ_CTRLACK: 0n },
      ['warning: IRQ_CTRL and IRQ_CTRLACK differ in GERROR_IRQEN, EVENTQ_IRQEN: a change was in progress'],
    ],
    [
      { GERROR: 0x105n, GERRORN: 0x4n, CMDQ_CONS: 0x0100_0000n },
      [
        'warning: GERROR.CMDQ_ERR is active: Command error; see CMDQ_CONS.ERR: illegal command (CERROR_ILL)',
        'warning: GERROR.SFM_ERR is active: Entered Service Failure Mode',
      ],
    ],
    [{ GERROR: 0x105n }, []],
    [{ GBPA: 0x8000_0000n }, ['warning: GBPA.Update is 1: new values were written and not in force yet']],
    [{ STRTAB_BASE_CFG: 0x2_0010n }, ['warning: STRTAB_BASE_CFG.FMT 2 is reserved; hardware takes it as 0, linear']],
    [
      { STRTAB_BASE_CFG: 0x1_0010n, IDR0: 0x1n },
      [
        'warning: STRTAB_BASE_CFG.SPLIT 0 is reserved; hardware takes it as 6',
        'warning: STRTAB_BASE_CFG.FMT says two-level, but IDR0.ST_LEVEL that only linear is supported',
      ],
    ],
    [
      { STRTAB_BASE: 0x43000000n, STRTAB_BASE_CFG: 0n },
      [
        'warning: STRTAB_BASE_CFG is zero, but STRTAB_BASE is not: a linear table of one STE, or what QEMU answers to a ' +
          'block read',
      ],
    ],
    [{ STRTAB_BASE_CFG: 0x10n, IDR0: 0x1n, IDR1: 0x10n }, []],
    [
      { STRTAB_BASE_CFG: 0x11n, IDR1: 0x10n },
      ['warning: STRTAB_BASE_CFG.LOG2SIZE 17 is above IDR1.SIDSIZE 16, which limits it'],
    ],
  ])('%o', (values, expected) => {
    expect(remarks(values)).toEqual(expected);
  });

  test.each<[string, Record<string, bigint>, string[]]>([
    ['empty', { CMDQ_BASE: 4n, CMDQ_PROD: 5n, CMDQ_CONS: 5n }, []],
    [
      'in use',
      { CMDQ_BASE: 4n, CMDQ_PROD: 5n, CMDQ_CONS: 2n },
      ['note: CMDQ: 3 of 16 entries in use: commands were not consumed yet'],
    ],
    [
      'full, and once around',
      { EVENTQ_BASE: 4n, EVENTQ_PROD: 3n, EVENTQ_CONS: 0x13n },
      ['note: EVENTQ: 16 of 16 entries in use: events were not read yet'],
    ],
    [
      'more than full',
      { CMDQ_BASE: 4n, CMDQ_PROD: 0x17n, CMDQ_CONS: 0n },
      ['warning: CMDQ_PROD 0x17 and CMDQ_CONS 0x0 cannot belong to one moment of a queue of 16 entries'],
    ],
    [
      'beyond the wrap bit',
      { PRIQ_BASE: 4n, PRIQ_PROD: 0x20n, PRIQ_CONS: 0n },
      ['warning: PRIQ_PROD 0x20 and PRIQ_CONS 0x0 cannot belong to one moment of a queue of 16 entries'],
    ],
    [
      'overflowed',
      { EVENTQ_BASE: 4n, EVENTQ_PROD: 0x8000_0003n, EVENTQ_CONS: 3n },
      ['warning: EVENTQ has overflowed: events were lost'],
    ],
    [
      'larger than the hardware has them',
      { IDR1: 0x0060_0000n, CMDQ_BASE: 4n, CMDQ_PROD: 9n, CMDQ_CONS: 9n },
      ['warning: CMDQ_BASE.LOG2SIZE 4 is above the 3 that IDR1.CMDQS permits'],
    ],
    ['without its size', { CMDQ_PROD: 9n, CMDQ_CONS: 1n }, []],
  ])('a queue that is %s', (_, values, expected) => {
    expect(remarks(values)).toEqual(expected);
  });
});

describe('what is missing', () => {
  const missing = (values: Readonly<Record<string, bigint>>, firmwareCoherent: boolean | null = true) =>
    missingRegisters({ name: 'smmu0', base: null, firmwareCoherent, registers: new Map(Object.entries(values)) });

  test('costs assumptions that depend on what is there', () => {
    const [, idr1, , , gerror] = missing({ STRTAB_BASE: 1n, STRTAB_BASE_CFG: 0x1020cn, GERRORN: 0x100n });
    expect(idr1).toEqual({
      what: ['IDR1'],
      cost: 'assumed',
      assumed: [
        { field: 'SIDSIZE', value: 12, choice: 'from-log2size' },
        { field: 'SSIDSIZE', value: 20, choice: 'largest' },
      ],
    });
    expect(idr1 && costInWords(idr1)).toBe(
      'assumed SIDSIZE = 12 (Linux programs LOG2SIZE from SIDSIZE), SSIDSIZE = 20 (the largest there is)',
    );
    expect(gerror).toMatchObject({ what: ['GERROR'], assumed: [{ field: 'SFM_ERR', value: 1 }] });
  });

  test('a PRI queue is missed only where there can be one', () => {
    const whats = (idr0: bigint) => missing({ ...SOUND, IDR0: idr0 }).flatMap(({ what }) => what);
    expect(whats(0x0d40101an)).not.toContain('PRIQ_BASE');
    expect(whats(0x0d41101an)).toEqual(expect.arrayContaining(['PRIQ_BASE', 'PRIQ_PROD', 'PRIQ_CONS']));
  });

  test('what firmware says', () => {
    expect(missing(SOUND, null).flatMap(({ what }) => what)).toContain('firmware.coherent');
    expect(missing(SOUND, false).flatMap(({ what }) => what)).not.toContain('firmware.coherent');
  });
});

describe('a snapshot explained', () => {
  const explain = (json: object) => explainSnapshot(parseSnapshot(json, 'regs.json'));
  const table = { STRTAB_BASE: '0x40000000430a3000', STRTAB_BASE_CFG: '0x10210' };

  test('every field with its value and what it means; reserved bits that are set', () => {
    const [smmu] = explain({ registers: { ...table, CR0: '0x2d' }, base: '0x9050000' }).smmus;
    expect(smmu).toMatchObject({ name: 'smmu@0x9050000', base: 0x905_0000, firmwareCoherent: null });
    expect(Object.keys(smmu?.registers ?? {})).toEqual(['CR0', 'STRTAB_BASE', 'STRTAB_BASE_CFG']);
    expect(smmu?.registers['STRTAB_BASE']).toEqual({
      value: 0x4000_0000_430a_3000n,
      byteLength: 8,
      offset: 0x80,
      how: 'hardware',
      known: null,
      meaning: 'Stream table base',
      fields: {
        ADDR: {
          value: 0x430a_3000n,
          meaning: 'Table address [55:6]; hardware aligns it down to the table size',
          says: null,
        },
        RA: { value: 1, meaning: 'Read-allocate hint', says: 'yes' },
      },
      reserved: null,
    });
    expect(smmu?.registers['CR0']?.reserved).toBe(0x20n);
  });

  test.each([
    ['running', 'note'],
    ['before-kdump-probe', undefined],
    ['after-kdump-probe', 'warning'],
    ['unknown', 'note'],
  ])('captured %s', (captured, severity) => {
    expect(explain({ captured, registers: table }).remarks[0]?.severity).toBe(severity);
  });

  test('is usable or not', () => {
    expect(explain({ registers: table }).usable).toBe(true);
    expect(explain({ registers: { STRTAB_BASE: 0, STRTAB_BASE_CFG: 0 } }).usable).toBe(false);
  });
});
