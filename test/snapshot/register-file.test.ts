import { describe, expect, test } from 'vitest';
import { assumptionInWords } from '../../src/report/prose/assumptions.ts';
import type { Assumption, DefaultChoice } from '../../src/snapshot/assumption.ts';
import { RegisterFile } from '../../src/snapshot/register-file.ts';

/** A register file of one SMMU with these values: `{ CR0: 0xd }`. */
function file(values: Readonly<Record<string, number | bigint>> = {}): RegisterFile {
  const registers = new Map(Object.entries(values).map(([name, value]) => [name, BigInt(value)]));
  return new RegisterFile({ name: 'smmu0', base: null, firmwareCoherent: null, registers });
}

const named = (assumptions: readonly Assumption[]) => assumptions.map(assumptionInWords).map(({ what }) => what);

describe('a register that the snapshot has', () => {
  test('is read, field by field, and nothing is assumed', () => {
    const registers = file({ IDR1: 0x0e73_9d10, CR0: 0, GERROR: 0x100, STRTAB_BASE: 0x4000_0000_4200_0040n });
    expect(registers.field('IDR1', 'SIDSIZE')).toBe(16);
    expect(registers.field('IDR1', 'SSIDSIZE')).toBe(20);
    expect(registers.field('CR0', 'SMMUEN')).toBe(0);
    expect(registers.field('GERROR', 'SFM_ERR')).toBe(1);
    expect(registers.bits('STRTAB_BASE', 'ADDR')).toBe(0x4200_0040n);
    expect(registers.assumptions).toEqual([]);
  });

  test('is told from one that it lacks', () => {
    const registers = file({ CR0: 0 });
    expect([registers.has('CR0'), registers.has('CR1'), registers.has('constructor')]).toEqual([true, false, false]);
  });

  test('keeps every bit of a wide address', () => {
    expect(file({ STRTAB_BASE: 0xffff_ffff_ffff_ffffn }).bits('STRTAB_BASE', 'ADDR')).toBe(0x00ff_ffff_ffff_ffc0n);
  });
});

describe('a register that the snapshot lacks', () => {
  test.each<[string, string, number, DefaultChoice]>([
    ['CR0', 'SMMUEN', 1, 'in-use'],
    ['GERROR', 'SFM_ERR', 0, 'no-error'],
    ['GERRORN', 'SFM_ERR', 0, 'no-error'],
    ['IDR0', 'ST_LEVEL', 1, 'server-two-level'],
    ['IDR0', 'CD2L', 1, 'server-two-level-cds'],
    ['IDR0', 'COHACC', 1, 'server-coherent'],
    ['IDR0', 'ASID16', 1, 'wider'],
    ['IDR0', 'VMID16', 1, 'wider'],
    ['IDR1', 'SSIDSIZE', 20, 'largest'],
    ['IDR5', 'OAS', 6, 'largest-of-linux'],
  ])('%s.%s is taken to be %i, and said so once', (register, field, value, choice) => {
    const registers = file();
    const why = { kind: 'default', lack: 'register', choice } as const;
    const assumption: Assumption = { what: { kind: 'field', register, field }, value, why };
    expect(registers.assumptions).toEqual([]);
    expect(registers.field(register, field)).toBe(value);
    expect(registers.assumptions).toEqual([assumption]);
    expect(registers.bits(register, field)).toBe(BigInt(value));
    expect(registers.assumptions).toEqual([assumption]);
  });

  test.each([
    [0x10210, 16],
    [0x10208, 8],
    [0x10200, 0],
    [0x10220, 32],
    // More StreamID bits than there are: the field has six bits, an SMMU at most 32.
    [0x10221, 32],
    [0x1023f, 32],
  ])('IDR1.SIDSIZE follows LOG2SIZE of STRTAB_BASE_CFG 0x%x', (cfg, sidSize) => {
    const registers = file({ STRTAB_BASE_CFG: cfg });
    expect(registers.field('IDR1', 'SIDSIZE')).toBe(sidSize);
    expect(registers.assumptions).toEqual([
      {
        what: { kind: 'field', register: 'IDR1', field: 'SIDSIZE' },
        value: sidSize,
        why: { kind: 'default', lack: 'register', choice: 'from-log2size' },
      },
    ]);
  });

  // An error is active while the two differ. One of them alone must not make it so.
  test.each([
    ['GERROR', 'GERRORN', 0x100, 1],
    ['GERROR', 'GERRORN', 0xeff, 0],
    ['GERRORN', 'GERROR', 0x100, 1],
    ['GERRORN', 'GERROR', 0xeff, 0],
  ])('%s.SFM_ERR is that of %s 0x%x', (missing, there, given, value) => {
    const registers = file({ [there]: given });
    expect(registers.field(there, 'SFM_ERR')).toBe(value);
    expect(registers.field(missing, 'SFM_ERR')).toBe(value);
    expect(registers.assumptions).toEqual([
      {
        what: { kind: 'field', register: missing, field: 'SFM_ERR' },
        value,
        why: { kind: 'default', lack: 'register', choice: 'no-error' },
      },
    ]);
  });

  test('both error registers missing: each is assumed, and neither asks the other for ever', () => {
    const registers = file();
    expect(registers.field('GERROR', 'SFM_ERR')).toBe(0);
    expect(registers.field('GERRORN', 'SFM_ERR')).toBe(0);
    expect(named(registers.assumptions)).toEqual(['GERROR.SFM_ERR', 'GERRORN.SFM_ERR']);
  });

  test('assumptions are listed in the order of their first use', () => {
    const registers = file({ STRTAB_BASE_CFG: 0x10210 });
    registers.field('IDR5', 'OAS');
    registers.assume({ kind: 'firmware-coherent' }, true, { kind: 'coherent-as-cohacc' });
    registers.field('IDR1', 'SIDSIZE');
    registers.assume({ kind: 'firmware-coherent' }, false, { kind: 'linux-sets-it' });
    registers.field('IDR5', 'OAS');
    expect(registers.assumptions.map(assumptionInWords).map(({ what, value }) => `${what} ${value}`)).toEqual([
      'IDR5.OAS 6',
      'firmware.coherent true',
      'IDR1.SIDSIZE 16',
    ]);
  });

  test('a list of assumptions that was handed out does not grow', () => {
    const registers = file();
    const before = registers.assumptions;
    registers.field('CR0', 'SMMUEN');
    expect(before).toEqual([]);
  });
});

describe('mistakes of this program', () => {
  test.each([
    ['STRTAB_BASE', 'ADDR', 'no value and no default for STRTAB_BASE.ADDR'],
    ['CR0', 'CMDQEN', 'no value and no default for CR0.CMDQEN'],
    ['NO_SUCH', 'FIELD', 'no value and no default for NO_SUCH.FIELD'],
  ])('%s.%s has no default', (register, field, message) => {
    expect(() => file().field(register, field)).toThrow(new Error(message));
  });

  test('a field that the register lacks', () => {
    expect(() => file({ CR0: 1 }).field('CR0', 'NO_SUCH')).toThrow(new Error('CR0 has no field NO_SUCH'));
  });
});
