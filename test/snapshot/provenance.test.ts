/** Registers that are known in part, and devices: loaded, refused, written and read again. */

import { describe, expect, test } from 'vitest';
import { hardwareFeatures } from '../../src/smmu/registers/hardware-features.ts';
import { parseSnapshot } from '../../src/snapshot/load.ts';
import { RegisterFile } from '../../src/snapshot/register-file.ts';
import type { SmmuSnapshot } from '../../src/snapshot/snapshot.ts';
import { explainSnapshot } from '../../src/snapshot/validate/explain.ts';
import { snapshotJson } from '../../src/snapshot/write.ts';
import { expectValidSnapshot } from '../support/schema.ts';

const REGISTERS = {
  STRTAB_BASE: '0x4000000042000000',
  STRTAB_BASE_CFG: '0x10210',
  IDR0: '0xffffffff',
  IDR1: '0x10',
  CR0: '0xd',
  CMDQ_PROD: '0x3',
};
const PROVENANCE = {
  STRTAB_BASE: { how: 'driver-wrote' },
  CMDQ_PROD: { how: 'driver-copy' },
  IDR0: { how: 'derived', known: '0x08080000' },
  IDR1: { how: 'derived', known: '0x7ff' },
  CR0: { how: 'inferred' },
};
const MASTERS = [
  { sid: 256, device: '0000:01:00.0', driver: 'nvme', group: 5, domain: 'DMA', asid: 7 },
  { sid: '0x8', device: null },
];

const json = (smmu: object) => ({ version: 1, smmus: [{ name: 'smmu', registers: REGISTERS, ...smmu }] });
const load = (smmu: object): SmmuSnapshot => parseSnapshot(json(smmu), 'regs.json').smmus[0] as SmmuSnapshot;

describe('a register of which some bits are known', () => {
  const smmu = load({ provenance: PROVENANCE, masters: MASTERS });

  test('is none of those that are whole, and its other bits count for nothing', () => {
    expect([...smmu.registers.keys()].sort()).toEqual(['CMDQ_PROD', 'CR0', 'STRTAB_BASE', 'STRTAB_BASE_CFG']);
    expect(smmu.partial).toEqual(
      new Map([
        ['IDR0', { value: 0x0808_0000n, known: 0x0808_0000n }],
        ['IDR1', { value: 0x10n, known: 0x7ffn }],
      ]),
    );
  });

  test('gives its known fields, and for the others an assumption that says so', () => {
    const registers = new RegisterFile(smmu);
    expect(registers.field('IDR0', 'CD2L')).toBe(1);
    expect(registers.field('IDR1', 'SIDSIZE')).toBe(16);
    expect(registers.assumptions).toEqual([]);
    expect(registers.known('IDR0', 'ATS')).toBeNull();
    // Of two bits one is known: the field is not.
    expect(registers.known('IDR0', 'ST_LEVEL')).toBeNull();
    expect(registers.field('IDR0', 'ST_LEVEL')).toBe(1);
    const why = { kind: 'default', lack: 'bits', choice: 'server-two-level' };
    expect(registers.assumptions).toEqual([
      { what: { kind: 'field', register: 'IDR0', field: 'ST_LEVEL' }, value: 1, why },
    ]);
    expect([registers.has('IDR0'), registers.value('IDR0'), registers.has('CR0')]).toEqual([false, null, true]);
  });

  test('makes no feature of the hardware out of what is not known', () => {
    const { CD2L, ATS, ST_LEVEL, SIDSIZE } = hardwareFeatures(smmu.registers, smmu.partial);
    expect({ CD2L, ATS, ST_LEVEL, SIDSIZE }).toEqual({ CD2L: 1, ATS: null, ST_LEVEL: null, SIDSIZE: 16 });
    expect(hardwareFeatures(smmu.registers).CD2L).toBeNull();
  });

  test('keeps how it is known, and the devices', () => {
    expect(smmu.provenance).toEqual(new Map(Object.entries(PROVENANCE).map(([name, { how }]) => [name, how])));
    expect(smmu.masters).toEqual([
      MASTERS[0],
      { sid: 8, device: null, driver: null, group: null, domain: null, asid: null },
    ]);
  });
});

test('an explanation shows the known fields alone, and how they are known', () => {
  const { smmus } = explainSnapshot(parseSnapshot(json({ provenance: PROVENANCE }), 'regs.json'));
  const { registers, missing } = smmus[0] as (typeof smmus)[number];
  expect(registers['IDR0']).toMatchObject({ value: 0x0808_0000n, how: 'derived', known: 0x0808_0000n, reserved: null });
  expect(Object.keys(registers['IDR0']?.fields ?? {})).toEqual(['CD2L']);
  expect(registers['CMDQ_PROD']).toMatchObject({ how: 'driver-copy', known: null });
  // What is assumed of it are the fields that are not known.
  const assumed = missing.find(({ what }) => what.includes('IDR0'))?.assumed.map(({ field }) => field);
  expect(assumed).toEqual(['ST_LEVEL', 'COHACC', 'ASID16', 'VMID16']);
});

test('what is written is read again the same, and fits the schema', () => {
  const first = parseSnapshot(json({ base: '0x9050000', provenance: PROVENANCE, masters: MASTERS }), 'regs.json');
  const written = JSON.parse(JSON.stringify(snapshotJson(first, 'made by a test')));
  expectValidSnapshot(written);
  expect(parseSnapshot(written, 'regs.json')).toEqual(first);
});

test('names may be spelled as those of registers; one without its register is passed over', () => {
  const provenance = {
    SMMU_IDR0: { how: 'derived', known: 1 },
    GBPA: { how: 'inferred' },
    nonsense: { how: 'derived' },
  };
  const snapshot = parseSnapshot(json({ provenance }), 'regs.json');
  expect(snapshot.smmus[0]?.partial?.get('IDR0')).toEqual({ value: 1n, known: 1n });
  expect(snapshot.warnings.map(({ register }) => register)).toEqual(['GBPA', 'nonsense']);
});

test.each([
  [{ provenance: { IDR0: { how: 'guessed' } } }, 'smmus[0].provenance.IDR0.how: "guessed" is not one of hardware,'],
  [{ provenance: { IDR0: 'derived' } }, 'smmus[0].provenance.IDR0: expected an object'],
  [{ provenance: { IDR0: { how: 'derived', known: '0x100000000' } } }, 'does not fit in 32 bits'],
  [{ provenance: { STRTAB_BASE: { how: 'derived', known: '0x1' } } }, 'leaves bits of STRTAB_BASE unknown'],
  [{ masters: [{ device: 'x' }] }, 'smmus[0].masters[0].sid: nothing is not a number'],
  [{ masters: {} }, 'smmus[0].masters: expected an array'],
])('%j is refused', (smmu, message) => {
  expect(() => load(smmu)).toThrow(message);
});
