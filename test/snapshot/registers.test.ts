import { describe, expect, test } from 'vitest';
import { REGISTERS } from '../../src/smmu/registers/registers.ts';
import { parseRegisters } from '../../src/snapshot/registers.ts';
import type { SnapshotWarning } from '../../src/snapshot/snapshot.ts';
import { type Json, Place } from '../../src/snapshot/values.ts';
import { refused } from '../support/refusal.ts';

const TABLE = { STRTAB_BASE: '0x42000000', STRTAB_BASE_CFG: '0x10210' };

function parse(value: Json | undefined) {
  const warnings: SnapshotWarning[] = [];
  const registers = parseRegisters(new Place('regs.json', 'registers'), value, warnings);
  return { registers: Object.fromEntries(registers), warnings };
}

/** What is refused, and where. */
async function refusal(value: Json | undefined): Promise<string> {
  const { tag, file, place, what } = await refused(() => parse(value));
  expect({ tag, file }).toEqual({ tag: 'snapshot', file: 'regs.json' });
  return `${place}: ${what}`;
}

describe('names', () => {
  test('are those of the architecture', () => {
    expect(parse({ ...TABLE, CR0: '0xd', CR1: 3445 })).toEqual({
      registers: { STRTAB_BASE: 0x4200_0000n, STRTAB_BASE_CFG: 0x10210n, CR0: 0xdn, CR1: 0xd75n },
      warnings: [],
    });
  });

  test.each(['CR0', 'cr0', 'Cr0', 'SMMU_CR0', 'smmu_cr0', 'ARM_SMMU_CR0', 'arm_smmu_cr0', 'Arm_Smmu_Cr0'])(
    '%s is CR0',
    (name) => {
      expect(parse({ ...TABLE, [name]: '0xd' })).toEqual({
        registers: { STRTAB_BASE: 0x4200_0000n, STRTAB_BASE_CFG: 0x10210n, CR0: 0xdn },
        warnings: [],
      });
    },
  );

  test('every register of the architecture is known, up to its size', () => {
    const all = Object.fromEntries(
      REGISTERS.map(({ name, byteLength }) => [`arm_smmu_${name.toLowerCase()}`, `0x${'f'.repeat(byteLength * 2)}`]),
    );
    expect(parse(all)).toEqual({
      registers: Object.fromEntries(REGISTERS.map(({ name, byteLength }) => [name, 2n ** BigInt(byteLength * 8) - 1n])),
      warnings: [],
    });
  });

  test.each([
    ['CR00', 'registers.CR00', 'CR00'],
    ['CR', 'registers.CR', 'CR'],
    ['S_CR0', 'registers.S_CR0', 'S_CR0'],
    ['ARM_CR0', 'registers.ARM_CR0', 'ARM_CR0'],
    ['SMMU_SMMU_CR0', 'registers.SMMU_SMMU_CR0', 'SMMU_SMMU_CR0'],
    ['SMMU_ARM_SMMU_CR0', 'registers.SMMU_ARM_SMMU_CR0', 'SMMU_ARM_SMMU_CR0'],
    ['SMMU_', 'registers.SMMU_', 'SMMU_'],
    ['', 'registers.""', '""'],
    [' CR0', 'registers." CR0"', '" CR0"'],
    ['CR0 ', 'registers."CR0 "', '"CR0 "'],
    ['CR0.SMMUEN', 'registers."CR0.SMMUEN"', '"CR0.SMMUEN"'],
    // Halves exist of 64-bit registers only.
    ['CR0_LO', 'registers.CR0_LO', 'CR0_LO'],
    ['STRTAB_BASE_CFG_HI', 'registers.STRTAB_BASE_CFG_HI', 'STRTAB_BASE_CFG_HI'],
    ['STRTAB_BASE_LO_LO', 'registers.STRTAB_BASE_LO_LO', 'STRTAB_BASE_LO_LO'],
    ['_LO', 'registers._LO', '_LO'],
    ['constructor', 'registers.constructor', 'constructor'],
    ['toString', 'registers.toString', 'toString'],
    ['hasOwnProperty', 'registers.hasOwnProperty', 'hasOwnProperty'],
    ['CR0\n', 'registers."CR0\\n"', '"CR0\\n"'],
    ['\u001b]0;owned\u0007', 'registers."\\u001b]0;owned\\u0007"', '"\\u001b]0;owned\\u0007"'],
    ['\u009b2J', 'registers."\\u009b2J"', '"\\u009b2J"'],
    ['CR0\0', 'registers."CR0\\u0000"', '"CR0\\u0000"'],
  ])('unknown name, case %#: a warning that says where', (name, place, register) => {
    expect(parse({ ...TABLE, [name]: '0x1' })).toEqual({
      registers: { STRTAB_BASE: 0x4200_0000n, STRTAB_BASE_CFG: 0x10210n },
      warnings: [{ place, register }],
    });
  });

  test('an endless unknown name is cut short', () => {
    const shown = `"${'N'.repeat(37)}..."`;
    expect(parse({ ...TABLE, ['N'.repeat(1_000_000)]: '0x1' }).warnings).toEqual([
      { place: `registers.${shown}`, register: shown },
    ]);
  });

  test('__proto__ is a name like any other, and nothing is inherited through it', async () => {
    const named = JSON.parse('{ "__proto__": "0x1", "STRTAB_BASE": "0x0", "STRTAB_BASE_CFG": "0x0" }') as Json;
    expect(parse(named)).toEqual({
      registers: { STRTAB_BASE: 0n, STRTAB_BASE_CFG: 0n },
      warnings: [{ place: 'registers.__proto__', register: '__proto__' }],
    });
    const hidden = JSON.parse('{ "__proto__": { "STRTAB_BASE": "0x0", "STRTAB_BASE_CFG": "0x0" } }') as Json;
    expect(await refusal(hidden)).toBe(
      'registers: STRTAB_BASE is missing; STRTAB_BASE and STRTAB_BASE_CFG are required',
    );
  });

  test('the value of an unknown register is not looked at', () => {
    expect(parse({ ...TABLE, FUTURE: { any: ['thing', null] }, VENDOR: -1 }).warnings).toEqual([
      { place: 'registers.FUTURE', register: 'FUTURE' },
      { place: 'registers.VENDOR', register: 'VENDOR' },
    ]);
  });
});

describe('values', () => {
  test.each<[string, Json, string]>([
    ['CR0', '0x100000000', 'registers.CR0: "0x100000000" does not fit in 32 bits'],
    ['smmu_cr0', 4294967296, 'registers.smmu_cr0: 4294967296 does not fit in 32 bits'],
    ['CMDQ_BASE', '0x10000000000000000', 'registers.CMDQ_BASE: "0x10000000000000000" does not fit in 64 bits'],
    ['CMDQ_BASE_LO', '0x100000000', 'registers.CMDQ_BASE_LO: "0x100000000" does not fit in 32 bits'],
    ['CR0', null, 'registers.CR0: null is not a number; expected "0x..." hex, a decimal string, or an integer'],
  ])('%s: %j is refused', async (name, value, message) => {
    expect(await refusal({ ...TABLE, [name]: value })).toBe(message);
  });

  test.each<[Json | undefined, string]>([
    [undefined, 'registers: expected an object, found nothing'],
    [null, 'registers: expected an object, found null'],
    [[], 'registers: expected an object, found an array'],
    ['CR0', 'registers: expected an object, found the string "CR0"'],
  ])('registers that are %j are refused', async (value, message) => {
    expect(await refusal(value)).toBe(message);
  });
});

describe('halves of a 64-bit register', () => {
  const CFG = { STRTAB_BASE_CFG: '0x10210' };
  const whole = { STRTAB_BASE: 0x4000_0001_4200_0000n, STRTAB_BASE_CFG: 0x10210n };

  test.each([
    ['low half first', { STRTAB_BASE_LO: '0x42000000', STRTAB_BASE_HI: '0x40000001' }],
    ['high half first', { STRTAB_BASE_HI: '0x40000001', STRTAB_BASE_LO: '0x42000000' }],
    ['with prefixes', { ARM_SMMU_STRTAB_BASE_LO: '0x42000000', smmu_strtab_base_hi: 1073741825 }],
    [
      'with the whole before',
      { STRTAB_BASE: '0x4000000142000000', STRTAB_BASE_LO: '0x42000000', STRTAB_BASE_HI: '0x40000001' },
    ],
    [
      'with the whole between',
      { STRTAB_BASE_LO: '0x42000000', STRTAB_BASE: '0x4000000142000000', STRTAB_BASE_HI: '0x40000001' },
    ],
    [
      'with the whole behind',
      { STRTAB_BASE_HI: '0x40000001', STRTAB_BASE_LO: '0x42000000', STRTAB_BASE: '0x4000000142000000' },
    ],
    [
      'one of them twice, the same both times',
      { STRTAB_BASE_HI: '0x40000001', STRTAB_BASE_LO: '0x42000000', SMMU_STRTAB_BASE_LO: '0x42000000' },
    ],
  ])('%s', (_, registers) => {
    expect(parse({ ...CFG, ...registers })).toEqual({ registers: whole, warnings: [] });
  });

  test('both zero, and both all ones', () => {
    const zero = { STRTAB_BASE_LO: 0, STRTAB_BASE_HI: 0 };
    expect(parse({ ...CFG, ...zero }).registers['STRTAB_BASE']).toBe(0n);
    const ones = { STRTAB_BASE_LO: '0xffffffff', STRTAB_BASE_HI: '0xffffffff' };
    expect(parse({ ...CFG, ...ones }).registers['STRTAB_BASE']).toBe(2n ** 64n - 1n);
  });

  test.each<[Record<string, Json>, string]>([
    [{ STRTAB_BASE_LO: '0x0' }, 'registers: STRTAB_BASE_LO is given without STRTAB_BASE_HI'],
    [{ STRTAB_BASE_HI: '0x0' }, 'registers: STRTAB_BASE_HI is given without STRTAB_BASE_LO'],
    [
      { STRTAB_BASE: '0x42000000', STRTAB_BASE_LO: '0x42000000' },
      'registers: STRTAB_BASE_LO is given without STRTAB_BASE_HI',
    ],
    [{ ...TABLE, smmu_cmdq_base_hi: '0x0' }, 'registers: CMDQ_BASE_HI is given without CMDQ_BASE_LO'],
  ])('one without the other, case %#', async (registers, message) => {
    expect(await refusal({ ...CFG, ...registers })).toBe(message);
  });
});

describe('contradictions', () => {
  test.each<[Record<string, Json>, string]>([
    [{ CR0: '0xd', SMMU_CR0: '0xc' }, 'registers.SMMU_CR0: contradicts another value given for CR0'],
    [{ arm_smmu_cr0: 1, cr0: 0 }, 'registers.cr0: contradicts another value given for CR0'],
    [
      { CMDQ_BASE_LO: '0x1', CMDQ_BASE_HI: '0x0', SMMU_CMDQ_BASE_LO: '0x2' },
      'registers.SMMU_CMDQ_BASE_LO: contradicts another value given for CMDQ_BASE',
    ],
    [{ STRTAB_BASE_LO: '0x42000040', STRTAB_BASE_HI: '0x0' }, 'registers: STRTAB_BASE contradicts its _LO and _HI'],
    [{ STRTAB_BASE_LO: '0x42000000', STRTAB_BASE_HI: '0x1' }, 'registers: STRTAB_BASE contradicts its _LO and _HI'],
  ])('case %#', async (registers, message) => {
    expect(await refusal({ ...TABLE, ...registers })).toBe(message);
  });

  test('the same value in two spellings is none', () => {
    expect(parse({ ...TABLE, CR0: '0xD', SMMU_CR0: 13, arm_smmu_cr0: '13' }).registers['CR0']).toBe(13n);
  });
});

describe('what no snapshot can do without', () => {
  const required = 'STRTAB_BASE and STRTAB_BASE_CFG are required';

  test.each<[Record<string, Json>, string]>([
    [{}, `registers: STRTAB_BASE is missing; ${required}`],
    [{ CR0: '0xd' }, `registers: STRTAB_BASE is missing; ${required}`],
    [{ STRTAB_BASE_CFG: '0x10210' }, `registers: STRTAB_BASE is missing; ${required}`],
    [{ STRTAB_BASE: '0x42000000' }, `registers: STRTAB_BASE_CFG is missing; ${required}`],
    [{ STRTAB_BASE_LO: '0x0', STRTAB_BASE_HI: '0x0' }, `registers: STRTAB_BASE_CFG is missing; ${required}`],
  ])('%j', async (registers, message) => {
    expect(await refusal(registers)).toBe(message);
  });

  test('a zero is a value', () => {
    expect(parse({ STRTAB_BASE: 0, STRTAB_BASE_CFG: 0 }).registers).toEqual({ STRTAB_BASE: 0n, STRTAB_BASE_CFG: 0n });
  });
});
