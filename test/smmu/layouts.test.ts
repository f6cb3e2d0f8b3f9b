import { describe, expect, it } from 'vitest';
import { decodeFields, type Layout } from '../../src/smmu/fields.ts';
import { GATOS_PAR_FAULT, GATOS_PAR_TRANSLATED } from '../../src/smmu/registers/other-registers.ts';
import { REGISTERS, registerNamed } from '../../src/smmu/registers/registers.ts';
import { CD, L1CD } from '../../src/smmu/structures/cd.ts';
import { L1STD } from '../../src/smmu/structures/l1std.ts';
import { STE } from '../../src/smmu/structures/ste.ts';
import { testLayout, wordsOf } from '../support/writers/layouts.ts';

/**
 * Offset and defined bits of every register, and the defined bits of the structures, each word written down as a whole.
 * A field that slips into reserved bits still overlaps nothing; only this notices.
 */
const REGISTER_BITS: Record<string, readonly [offset: number, defined: bigint]> = {
  IDR0: [0x0, 0x5fff_ffffn],
  IDR1: [0x4, 0xffff_ffffn],
  IDR2: [0x8, 0x0000_03ffn],
  IDR3: [0xc, 0x00ff_ffbcn],
  IDR4: [0x10, 0xffff_ffffn],
  IDR5: [0x14, 0xffff_0df7n],
  IIDR: [0x18, 0xffff_ffffn],
  AIDR: [0x1c, 0x0000_00ffn],
  CR0: [0x20, 0x0000_05dfn],
  CR0ACK: [0x24, 0x0000_05dfn],
  CR1: [0x28, 0x0000_0fffn],
  CR2: [0x2c, 0x0000_000fn],
  S2PII: [0x30, 0xffff_ffff_ffff_ffffn],
  STATUSR: [0x40, 0x0000_0001n],
  GBPA: [0x44, 0x801f_3f1fn],
  AGBPA: [0x48, 0xffff_ffffn],
  IRQ_CTRL: [0x50, 0x0000_0007n],
  IRQ_CTRLACK: [0x54, 0x0000_0007n],
  GERROR: [0x60, 0x0000_07fdn],
  GERRORN: [0x64, 0x0000_07fdn],
  GERROR_IRQ_CFG0: [0x68, 0x00ff_ffff_ffff_fffcn],
  GERROR_IRQ_CFG1: [0x70, 0xffff_ffffn],
  GERROR_IRQ_CFG2: [0x74, 0x0000_003fn],
  STRTAB_BASE: [0x80, 0x40ff_ffff_ffff_ffc0n],
  STRTAB_BASE_CFG: [0x88, 0x0003_07ffn],
  CMDQ_BASE: [0x90, 0x40ff_ffff_ffff_ffffn],
  CMDQ_PROD: [0x98, 0x000f_ffffn],
  CMDQ_CONS: [0x9c, 0x7f0f_ffffn],
  EVENTQ_BASE: [0xa0, 0x40ff_ffff_ffff_ffffn],
  EVENTQ_IRQ_CFG0: [0xb0, 0x00ff_ffff_ffff_fffcn],
  EVENTQ_IRQ_CFG1: [0xb8, 0xffff_ffffn],
  EVENTQ_IRQ_CFG2: [0xbc, 0x0000_003fn],
  PRIQ_BASE: [0xc0, 0x40ff_ffff_ffff_ffffn],
  PRIQ_IRQ_CFG0: [0xd0, 0x00ff_ffff_ffff_fffcn],
  PRIQ_IRQ_CFG1: [0xd8, 0xffff_ffffn],
  PRIQ_IRQ_CFG2: [0xdc, 0x8000_003fn],
  GATOS_CTRL: [0x100, 0x0000_0001n],
  GATOS_SID: [0x108, 0x001f_ffff_ffff_ffffn],
  GATOS_ADDR: [0x110, 0xffff_ffff_ffff_ffc0n],
  MPAMIDR: [0x130, 0x00ff_ffffn],
  GMPAM: [0x138, 0x80ff_ffffn],
  GBPMPAM: [0x13c, 0x80ff_ffffn],
  VATOS_SEL: [0x180, 0x0000_ffffn],
  IDR6: [0x190, 0x0f0f_0000n],
  DPT_BASE: [0x200, 0x40ff_ffff_ffff_f000n],
  DPT_BASE_CFG: [0x208, 0x00f0_c007n],
  DPT_CFG_FAR: [0x210, 0x00ff_ffff_ffff_f0f3n],
  EVENTQ_PROD: [0x100a8, 0x800f_ffffn],
  EVENTQ_CONS: [0x100ac, 0x800f_ffffn],
  PRIQ_PROD: [0x100c8, 0x800f_ffffn],
  PRIQ_CONS: [0x100cc, 0x800f_ffffn],
};

const STRUCTURE_BITS: Record<string, readonly bigint[]> = {
  'GATOS_PAR (translated)': [0xffff_ffff_ffff_fb01n],
  'GATOS_PAR (fault)': [0xf0ff_ffff_ffff_fff7n],
  L1STD: [0x00ff_ffff_ffff_ffdfn],
  STE: [
    0xf8ff_ffff_ffff_ffffn,
    0xffff_f1ff_ffff_ffffn,
    0xffff_ffff_ffff_ffffn,
    0x60ff_ffff_ffff_ffffn,
    0xffff_c0ff_ffff_ffffn,
    0x00ff_ffff_ffff_ffffn,
    0x60ff_ffff_ffff_fff7n,
    0xffff_ffff_ffff_ffffn,
  ],
  L1CD: [0x00ff_ffff_ffff_f001n],
  CD: [
    0xffff_ffff_ffff_ffffn,
    0xfcff_ffff_ffff_ffffn,
    0xfcff_ffff_ffff_ffffn,
    0xffff_ffff_ffff_ffffn,
    0xffff_ffff_ffff_ffffn,
    0x00ff_ffff_ffff_ffffn,
    0x0000_ffff_ffff_ffffn,
    0x0000_ffff_ffff_ffffn,
  ],
};

/** The bits that fields of GATOS_PAR share make it two layouts here, one for each value of FAULT. */
function readingsOf(register: Layout): Layout[] {
  if (register.name !== 'GATOS_PAR') return [register];
  const outcome = register.fields.filter((field) => field.name === 'FAULT');
  return [
    { ...register, name: 'GATOS_PAR (translated)', fields: [...outcome, ...GATOS_PAR_TRANSLATED] },
    { ...register, name: 'GATOS_PAR (fault)', fields: [...outcome, ...GATOS_PAR_FAULT] },
  ];
}

const LAYOUTS: readonly Layout[] = [...REGISTERS.flatMap(readingsOf), L1STD, STE, L1CD, CD];

function pinnedBits(name: string): readonly bigint[] {
  const register = REGISTER_BITS[name];
  return register === undefined ? (STRUCTURE_BITS[name] ?? []) : [register[1]];
}

describe.each(LAYOUTS)('$name', (layout) => {
  testLayout(layout);

  it('defines the pinned bits and no others', () => {
    const defined = new Array<bigint>(wordsOf(layout)).fill(0n);
    for (const field of layout.fields) {
      const mask = ((1n << BigInt(field.width)) - 1n) << BigInt(field.lsb);
      defined[field.word] = (defined[field.word] ?? 0n) | mask;
    }
    const pinned = pinnedBits(layout.name);
    expect(pinned, `${layout.name} is not pinned in this file`).toHaveLength(defined.length);
    const differing = defined.flatMap((mask, word) =>
      Array.from({ length: 64 }, (_, bit) => bit)
        .filter((bit) => (((mask ^ (pinned[word] ?? 0n)) >> BigInt(bit)) & 1n) === 1n)
        .map((bit) => `word ${word}, bit ${bit}`),
    );
    expect(differing, `${layout.name}: defined here but not pinned, or the reverse`).toEqual([]);
  });
});

describe('REGISTERS', () => {
  it('stand at the pinned offsets, in that order', () => {
    const offsets = REGISTERS.map((register) => [register.name, register.offset]);
    const pinned = Object.entries(REGISTER_BITS).map(([name, [offset]]) => [name, offset] as const);
    const gatosPar = ['GATOS_PAR', 0x118] as const;
    expect(offsets).toEqual([...pinned, gatosPar].toSorted((a, b) => a[1] - b[1]));
  });

  it('do not run into each other', () => {
    for (const [index, register] of REGISTERS.entries()) {
      const end = register.offset + register.byteLength;
      const next = REGISTERS[index + 1];
      expect(register.offset % register.byteLength, `${register.name} at ${register.offset} is unaligned`).toBe(0);
      if (next !== undefined) expect(end, `${register.name} runs into ${next.name}`).toBeLessThanOrEqual(next.offset);
    }
  });

  it('are found by their exact name alone', () => {
    for (const register of REGISTERS) expect(registerNamed(register.name)).toBe(register);
    expect(registerNamed('idr0')).toBeUndefined();
    expect(registerNamed('SMMU_IDR0')).toBeUndefined();
    expect(registerNamed('toString')).toBeUndefined();
  });

  it('include both readings of GATOS_PAR in one register', () => {
    const names = registerNamed('GATOS_PAR')?.fields.map((field) => field.name);
    const readings = [...GATOS_PAR_TRANSLATED, ...GATOS_PAR_FAULT].map((field) => field.name);
    expect(names).toEqual(['FAULT', ...readings]);
  });
});

// The ID registers are those of an Arm FVP base model. The others are one two-level stream table worked out by hand.
describe.each([
  {
    name: 'IDR0',
    words: [0x080f_e6bfn],
    fields: {
      ...{ S2P: 1, S1P: 1, TTF: 3, COHACC: 1, BTM: 1, HTTU: 2, Hyp: 1, ATS: 1, ASID16: 0, MSI: 1, SEV: 1, ATOS: 1 },
      ...{ PRI: 1, VMW: 1, VMID16: 1, CD2L: 1, VATOS: 0, STALL_MODEL: 0, TERM_MODEL: 0, ST_LEVEL: 1 },
    },
  },
  { name: 'IDR1', words: [0x0e73_9d10n], fields: { SIDSIZE: 16, SSIDSIZE: 20, PRIQS: 19, EVENTQS: 19, CMDQS: 19 } },
  { name: 'IDR3', words: [0x0000_0014n], fields: { HAD: 1, XNX: 1, FWB: 0, RIL: 0, BBML: 0 } },
  { name: 'IDR5', words: [0x0001_005dn], fields: { OAS: 5, GRAN4K: 1, GRAN16K: 0, GRAN64K: 1, VAX: 0, STALL_MAX: 1 } },
  { name: 'STRTAB_BASE_CFG', words: [0x0001_0210n], fields: { FMT: 1, SPLIT: 8, LOG2SIZE: 16 } },
  { name: 'STRTAB_BASE', words: [0x4000_0000_4200_0000n], fields: { RA: 1, ADDR: 0x42000000n } },
  { name: 'L1STD', words: [0x0000_0000_9100_0009n], fields: { Span: 9, L2Ptr: 0x91000000n } },
  {
    name: 'STE',
    words: [0x5000_0000_9200_002bn],
    fields: { V: 1, Config: 5, S1Fmt: 2, S1CDMax: 10, S1ContextPtr: 0x92000000n },
  },
  { name: 'L1CD', words: [0x00ab_cdef_9301_0001n], fields: { V: 1, L2Ptr: 0xabcdef93010000n } },
  {
    name: 'CD',
    words: [0x0001_e204_c000_3510n, 0x0000_0000_4156_4000n, 0n, 0xffff_ffff_f404_ff44n],
    fields: {
      ...{ T0SZ: 16, TG0: 0, IR0: 1, OR0: 1, SH0: 3, EPD0: 0, ENDI: 0 },
      ...{ T1SZ: 0, TG1: 0, IR1: 0, OR1: 0, SH1: 0, EPD1: 1, V: 1 },
      ...{ IPS: 4, AFFD: 0, WXN: 0, UWXN: 0, TBI0: 0, TBI1: 0, PAN: 0, AA64: 1, HD: 0, HA: 0, S: 0, R: 1, A: 1 },
      ...{ ASET: 1, ASID: 1, HAD0: 0, TTB0: 0x41564000n, TTB1: 0x0n, MAIR0: 0xf404_ff44, MAIR1: 0xffff_ffff },
    },
  },
  {
    name: 'CD',
    words: [
      0x8001_1d4d_2a99_8659n,
      0x5400_0000_8000_1006n,
      0xa800_0123_4567_8009n,
      0n,
      0x8765_4321_1234_5678n,
      0x0042_0107_dead_beefn,
      0x0000_e000_0000_001dn,
      0x0000_a000_0000_0003n,
    ],
    fields: {
      ...{ T0SZ: 25, TG0: 1, IR0: 2, OR0: 1, SH0: 0, EPD0: 0, ENDI: 1 },
      ...{ T1SZ: 25, TG1: 2, IR1: 2, OR1: 2, SH1: 2, EPD1: 0, V: 0 },
      ...{ IPS: 5, AFFD: 1, WXN: 0, UWXN: 0, TBI0: 1, TBI1: 0, PAN: 1, AA64: 0, HD: 1, HA: 1, S: 1, R: 0, A: 0 },
      ...{ ASET: 0, ASID: 0x8001, NSCFG0: 0, HAD0: 1, E0PD0: 1, HAFT: 0, TTB0: 0x80001000n },
      ...{ PnCH: 1, EPAN: 0, HWU059: 1, HWU060: 0, HWU061: 1, HWU062: 0 },
      ...{ NSCFG1: 1, HAD1: 0, E0PD1: 0, AIE: 1, TTB1: 0x12345678000n },
      ...{ DS: 0, PIE: 1, HWU159: 0, HWU160: 1, HWU161: 0, HWU162: 1 },
      ...{ AMAIR0: 0x1234_5678, AMAIR1: 0x8765_4321, IMPDEF5: 0xdead_beef, PARTID: 0x107, PMG: 0x42 },
      ...{ PIIU0: 5, PIIU1: 3, PIIU2: 0, PIIU14: 0, PIIU15: 7, PIIP0: 3, PIIP1: 0, PIIP15: 5 },
    },
  },
])('$name by example', ({ name, words, fields }) => {
  it(`decodes ${words.map((word) => `0x${word.toString(16)}`).join(' ')}`, () => {
    const layout = LAYOUTS.find((candidate) => candidate.name === name);
    expect(layout && decodeFields(layout, words)).toMatchObject(fields);
  });
});
