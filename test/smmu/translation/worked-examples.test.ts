/** Translations worked out by hand, every read of them. */

import { describe, expect, test } from 'vitest';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { HardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { streamContext } from '../../../src/smmu/translation/stream-context.ts';
import { type Access, translate } from '../../../src/smmu/translation/transaction.ts';
import type { Step } from '../../../src/smmu/translation/walk.ts';
import { NEWEST } from '../../support/features.ts';
import { Words } from '../../support/models/walk-model-formats.ts';
import { type Known, walkMemory } from '../../support/models/walked-words.ts';

interface Machine {
  readonly ste: FieldInputs | readonly bigint[];
  readonly cd?: FieldInputs;
  readonly ssid?: number;
  readonly memory?: Readonly<Record<number, bigint>>;
  readonly access?: Partial<Access>;
  readonly hw?: Partial<HardwareFeatures>;
}

const CD_AT = 0x8500_0000;
const READ: Access = { iova: 0n, kind: 'read', privileged: false };

/** The end, and each address that was read with its index: what the examples give. */
function walked({ ste, cd, ssid, memory = {}, access, hw }: Machine) {
  const words = new Words();
  if (cd !== undefined) words.write(BigInt(CD_AT), ...encodeFields(CD, { V: 1, AA64: 1, A: 1, R: 1, IPS: 5, ...cd }));
  for (const [address, word] of Object.entries(memory)) words.write(BigInt(address), word);
  const view = walkMemory(words);
  const features = { ...NEWEST, ...hw };
  const steps: Step<Known>[] = [];
  const entry = Array.isArray(ste) ? ste : encodeFields(STE, ste as FieldInputs);
  const context = streamContext(entry, ssid ?? null, features, view, steps);
  const end = context.kind === 'context' ? translate(context, { ...READ, ...access }, features, view, steps) : context;
  const reads = steps.map(({ index, address }) => `${index} 0x${address?.toString(16)}`);
  return { end, reads };
}

const STAGE1 = { V: 1, Config: 5, S1ContextPtr: CD_AT };
const CD_READ = '0 0x85000000';

describe('D: a CD table of two levels', () => {
  const ste = [0x5000_0000_9200_002bn, 2n, 0n, 0n, 0n, 0n, 0n, 0n];
  const leaf = 0x9301_0000;

  test('SubstreamID 0x345', () => {
    const memory = { [0x9200_0000]: BigInt(leaf) | 1n };
    const { end, reads } = walked({ ste, ssid: 0x345, memory });
    expect(reads).toEqual(['0 0x92000000', `837 0x${(leaf + 0xd140).toString(16)}`]);
    expect(end).toMatchObject({ kind: 'unknown' });
  });

  test('SubstreamID 0x400 is one too many', () => {
    expect(walked({ ste, ssid: 0x400 })).toMatchObject({ end: { event: 'C_BAD_SUBSTREAMID' }, reads: [] });
  });
});

describe('E: 4 KiB, 48 bits', () => {
  const cd = { T0SZ: 16, TG0: 0, TTB0: 0x8100_0000, EPD1: 1, MAIR0: 0xff };
  const tables = { [0x8100_05a8]: 0x8100_1003n, [0x8100_1020]: 0x8100_2003n };
  const access = { iova: 0x5a81_2345_6789n };

  test('down to a page', () => {
    const memory = { ...tables, [0x8100_28d0]: 0x8100_3003n, [0x8100_32b0]: 0x0060_0008_1234_5f43n };
    const { end, reads } = walked({ ste: STAGE1, cd, memory, access });
    expect(reads).toEqual([CD_READ, '181 0x810005a8', '4 0x81001020', '282 0x810028d0', '86 0x810032b0']);
    expect(end).toMatchObject({ kind: 'translated', paddr: 0x8_1234_5789, byteLength: 4096 });
    // Read and write for both; PXN and UXN are set.
    expect(end).toMatchObject({ rights: 0b011_011 });
  });

  test('down to a block of 2 MiB', () => {
    const memory = { ...tables, [0x8100_28d0]: 0x0060_0008_8000_0f41n };
    const { end } = walked({ ste: STAGE1, cd, memory, access });
    expect(end).toMatchObject({ kind: 'translated', paddr: 0x8_8005_6789, byteLength: 2 ** 21 });
  });
});

test('F: the upper half', () => {
  const cd = { EPD0: 1, T1SZ: 16, TG1: 2, TTB1: 0x8100_0000 };
  const access = { iova: 0xffff_8000_1234_5678n };
  const memory = { [0x8100_0800]: 0x8100_1003n, [0x8100_1000]: 0x8100_2003n, [0x8100_2488]: 0x8100_3003n };
  const { end, reads } = walked({ ste: STAGE1, cd, memory: { ...memory, [0x8100_3a28]: 0x743n }, access });
  expect(reads).toEqual([CD_READ, '256 0x81000800', '0 0x81001000', '145 0x81002488', '325 0x81003a28']);
  expect(end).toMatchObject({ kind: 'translated', paddr: 0x678 });
});

test('G: 64 KiB', () => {
  const cd = { EPD1: 1, T0SZ: 16, TG0: 1, TTB0: 0x8100_0000 };
  const memory = { [0x8100_0000]: 0x8101_0003n, [0x8101_0488]: 0x8102_0003n, [0x8102_a2b0]: 0x1230_743n };
  const { end, reads } = walked({ ste: STAGE1, cd, memory, access: { iova: 0x12_3456_7890n } });
  expect(reads).toEqual([CD_READ, '0 0x81000000', '145 0x81010488', '5206 0x8102a2b0']);
  expect(end).toMatchObject({ kind: 'translated', paddr: 0x123_7890, byteLength: 65536 });
});

describe('H: out of range', () => {
  const cd = { EPD1: 1, T0SZ: 25, TTB0: 0x8100_0000 };
  const outside = { event: 'F_TRANSLATION', stage: 1, class: 'IN' };

  test('by one bit, before any table is read', () => {
    const { end, reads } = walked({ ste: STAGE1, cd, access: { iova: 0x80_0000_0000n } });
    expect(end).toMatchObject(outside);
    expect(reads).toEqual([CD_READ]);
  });

  test('by the top byte, unless that is ignored', () => {
    const access = { iova: 0x1200_0000_0000_0000n };
    const memory = { [0x8100_0000]: 0x741n };
    expect(walked({ ste: STAGE1, cd, memory, access }).end).toMatchObject(outside);
    expect(walked({ ste: STAGE1, cd: { ...cd, TBI0: 1 }, memory, access }).end).toMatchObject({ kind: 'translated' });
  });

  test.each([
    [{ EPD0: 1, EPD1: 1 }, 0n],
    [{ EPD1: 1, T1SZ: 16 }, 0xffff_ffff_ffff_f000n],
  ])('in a half that is switched off: %j', (fields, iova) => {
    expect(walked({ ste: STAGE1, cd: { ...cd, ...fields }, access: { iova } }).end).toMatchObject(outside);
  });
});

describe('I: tables side by side', () => {
  const stage2 = { V: 1, Config: 6, S2AA64: 1, S2T0SZ: 24, S2PS: 5, S2TTB: 0x8200_1000 };
  const access = { iova: 0xc0_4567_8000n };
  const below = { [0x8300_0158]: 0x8300_1003n, [0x8300_13c0]: 0x7_7777_77c3n | 0x400n };

  test('two at level 1, for 40 bits; the base is aligned to both', () => {
    const { end, reads } = walked({
      ste: { ...stage2, S2SL0: 1 },
      memory: { [0x8200_1808]: 0x8300_0003n, ...below },
      access,
    });
    expect(reads).toEqual(['769 0x82001808', '43 0x83000158', '120 0x830013c0']);
    expect(end).toMatchObject({ kind: 'translated', paddr: 0x7_7777_7000, byteLength: 4096 });
  });

  test('the same from level 0', () => {
    const memory = { [0x8200_1008]: 0x8200_3003n, [0x8200_3808]: 0x8300_0003n, ...below };
    const { end, reads } = walked({ ste: { ...stage2, S2SL0: 2 }, memory, access });
    expect(reads).toEqual(['1 0x82001008', '257 0x82003808', '43 0x83000158', '120 0x830013c0']);
    expect(end).toMatchObject({ kind: 'translated', paddr: 0x7_7777_7000 });
  });

  test('one bit more is no IPA', () => {
    const { end } = walked({ ste: { ...stage2, S2SL0: 1 }, access: { iova: 0x100_0000_0000n } });
    expect(end).toMatchObject({ event: 'F_TRANSLATION', stage: 2, class: 'IN', ipa: 0x100_0000_0000 });
  });
});

test('both stages with four levels each read 24 descriptors', () => {
  const memory: Record<number, bigint> = {};
  // Stage 2 maps the first 2 MiB to themselves, page by page.
  for (const [at, next] of [
    [0x10_0000, 0x10_1000],
    [0x10_1000, 0x10_2000],
    [0x10_2000, 0x10_3000],
  ] as const)
    memory[at] = BigInt(next) | 3n;
  for (let page = 0; page < 512; page++) memory[0x10_3000 + 8 * page] = BigInt(page * 4096) | 0x7c3n;
  for (let level = 0; level < 3; level++) memory[0x2000 + 0x1000 * level] = BigInt(0x3000 + 0x1000 * level) | 3n;
  memory[0x5000] = 0x9743n;
  const ste = { V: 1, Config: 7, S2AA64: 1, S2T0SZ: 16, S2SL0: 2, S2PS: 5, S2TTB: 0x10_0000, S1ContextPtr: 0x1000 };
  const cd = encodeFields(CD, { V: 1, AA64: 1, A: 1, IPS: 5, T0SZ: 16, TTB0: 0x2000, EPD1: 1 });
  for (const [i, word] of cd.entries()) memory[0x1000 + 8 * i] = word;
  const { end, reads } = walked({ ste, memory, access: { iova: 0x123n } });
  expect(end).toMatchObject({ kind: 'translated', paddr: 0x9123, byteLength: 4096 });
  // Five more for the CD and its address.
  expect(reads).toHaveLength(24 + 5);
});

describe('limits of what is passed on', () => {
  test.each([
    [4, { OAS: 5 }, 0x1_0000_0000_0000n],
    [6, { OAS: 5, TTF: 2 }, 0x1_0000_0000_0000n],
    [6, { OAS: 0, TTF: 1 }, 0x100_0000_0000n],
  ])('Config %i, %j', (Config, hw, iova) => {
    const ste = { V: 1, Config, S2AA64: 1, S2T0SZ: 25, S2SL0: 1, S2PS: 0 };
    const sameSize = Config === 6 && hw.OAS === 0 ? { ...hw, TTF: 3 } : hw;
    const { end } = walked({ ste, access: { iova }, hw: sameSize });
    expect(end).toMatchObject({ event: 'F_ADDR_SIZE', stage: 1, class: 'IN', ipa: null });
  });
});
