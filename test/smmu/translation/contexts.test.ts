/** Which fields of an STE and a CD count, by example: those that another field or the hardware switches off. */

import { describe, expect, test } from 'vitest';
import { rightsText } from '../../../src/report/prose/mappings.ts';
import { encodeFields, type FieldInputs } from '../../../src/smmu/fields.ts';
import type { HardwareFeatures } from '../../../src/smmu/registers/hardware-features.ts';
import { CD } from '../../../src/smmu/structures/cd.ts';
import { STE } from '../../../src/smmu/structures/ste.ts';
import { streamContext } from '../../../src/smmu/translation/stream-context.ts';
import { type Access, translate } from '../../../src/smmu/translation/transaction.ts';
import { NEWEST } from '../../support/features.ts';
import { Words } from '../../support/models/walk-model-formats.ts';
import { walkMemory } from '../../support/models/walked-words.ts';

const CD_AT = 0x8500_0000;

interface Case {
  readonly ste?: FieldInputs;
  readonly cd?: FieldInputs;
  readonly hw?: Partial<HardwareFeatures>;
  readonly access?: Partial<Access>;
  readonly leaf?: bigint;
}

/** What a block at address 0 lets a device do, or the event. */
function rightsOf({ ste, cd, hw, access, leaf = 0x741n }: Case): string {
  const words = new Words();
  const fields = { V: 1, AA64: 1, A: 1, IPS: 5, T0SZ: 25, TTB0: 0x8100_0000, EPD1: 1, ...cd };
  words.write(BigInt(CD_AT), ...encodeFields(CD, fields));
  words.write(0x8100_0000n, leaf);
  const features = { ...NEWEST, ...hw };
  const entry = encodeFields(STE, { V: 1, Config: 5, S1ContextPtr: CD_AT, ...ste });
  const context = streamContext(entry, null, features, walkMemory(words), []);
  if (context.kind !== 'context') return context.kind === 'fault' ? context.event : context.kind;
  const asked = { iova: 0n, kind: 'read', privileged: true, ...access } as const;
  const end = translate(context, asked, features, walkMemory(words), []);
  if (end.kind === 'fault') return end.event;
  return end.kind === 'translated' ? `${rightsText(end.rights, true)}/${rightsText(end.rights, false)}` : end.kind;
}

test.each([
  [{ Config: 6, S2AA64: 0, S2SL0: 1 }, 1, 'C_BAD_SUBSTREAMID'],
  [{ Config: 7, S2AA64: 0, S2SL0: 1 }, 1, 'C_BAD_SUBSTREAMID'],
  [{ Config: 7, S2AA64: 0, S2SL0: 1, S1CDMax: 2 }, null, 'F_STREAM_DISABLED'],
  [{ Config: 7, S2AA64: 1, S2T0SZ: 25, S2SL0: 1, S2PIE: 1, S1CDMax: 2 }, 4, 'C_BAD_SUBSTREAMID'],
])('what a SubstreamID meets comes before tables of stage 2, known or not: %j', (fields, ssid, event) => {
  const ste = encodeFields(STE, { V: 1, S1ContextPtr: CD_AT, S2TTB: 0x8200_0000, ...fields });
  expect(streamContext(ste, ssid, NEWEST, walkMemory(new Words()), [])).toMatchObject({ kind: 'fault', event });
});

describe('permission indirection', () => {
  // Index 1: all for privileged accesses but what is left to the others, which is read and execute.
  const cd = { PIE: 1, PIIP1: 5, PIIU1: 3 };

  test('counts where the STE allows it and the hardware has it', () => {
    expect(rightsOf({ cd, ste: { S1PIE: 1 } })).toBe('rw-/r-x');
    expect(rightsOf({ cd, ste: { S1PIE: 0 } })).toBe('rw-/rwx');
    expect(rightsOf({ cd, ste: { S1PIE: 1 }, hw: { S1PI: 0 } })).toBe('rw-/rwx');
  });

  test('has one privilege in an EL2 stream, which PAN does not limit', () => {
    const ste = { S1PIE: 1, STRW: 2 };
    expect(rightsOf({ cd: { ...cd, PAN: 1 }, ste, hw: { E2H: 0 } })).toBe('rw-/rw-');
    expect(rightsOf({ cd, ste, hw: { E2H: 1 } })).toBe('rw-/r-x');
  });

  test('with PAN keeps privileged data accesses off what others may only execute, too', () => {
    const executable = { PIE: 1, PIIP1: 5, PIIU1: 2, PAN: 1 };
    expect(rightsOf({ cd: executable, ste: { S1PIE: 1 }, hw: { EPAN: 0 } })).toBe('F_PERMISSION');
    expect(rightsOf({ cd: { ...executable, PIIU1: 0 }, ste: { S1PIE: 1 } })).toBe('rw-/---');
  });

  test.each([
    [{}, 'r--/r-x'],
    [{ HA: 1 }, 'r--/r-x'],
    [{ HD: 1, HA: 1 }, 'rw-/r-x'],
  ])('has nDirty in the place of AP[2], which %j', (flags, expected) => {
    expect(rightsOf({ cd: { ...cd, ...flags }, ste: { S1PIE: 1 }, leaf: 0x7c1n })).toBe(expected);
  });
});

test.each([
  [{ E0PD0: 1 }, { E0PD: 1 }, 'F_TRANSLATION'],
  [{ E0PD0: 1 }, { E0PD: 0 }, 'rw-/rwx'],
  [{ E0PD1: 1 }, { E0PD: 1 }, 'rw-/rwx'],
])('E0PD counts where the hardware has it: %j on %j', (cd, hw, expected) => {
  expect(rightsOf({ cd, hw, access: { privileged: false } })).toBe(expected);
});

test.each([
  [{ PAN: 1, EPAN: 1 }, { EPAN: 1 }, 'F_PERMISSION'],
  [{ PAN: 1, EPAN: 1 }, { EPAN: 0 }, 'rw-/--x'],
  [{ PAN: 1 }, { EPAN: 1 }, 'rw-/--x'],
])('EPAN counts where the hardware has it: %j on %j', (cd, hw, expected) => {
  // Privileged only, executable by the unprivileged.
  expect(rightsOf({ cd, hw, leaf: 0x0020_0000_0000_0701n })).toBe(expected);
});

test.each([0x0010_0000_9300_0001n, 0x00f0_0000_0000_0001n, 0x0001_0000_0000_0001n])(
  'an L1CD pointer with a bit above the output size: 0x%s',
  (l1cd) => {
    const words = new Words();
    words.write(0x9200_0000n, l1cd);
    const ste = encodeFields(STE, { V: 1, Config: 5, S1Fmt: 2, S1CDMax: 10, S1DSS: 2, S1ContextPtr: 0x9200_0000 });
    const features = { ...NEWEST, OAS: 5 };
    expect(streamContext(ste, 5, features, walkMemory(words), [])).toMatchObject({ event: 'C_BAD_SUBSTREAMID' });
  },
);

test('under stage 2 an L1CD pointer is an IPA, which may be larger than the output size', () => {
  const words = new Words();
  // 1 GiB blocks of stage 2: the level 1 table in the first of them, the CDs in another, whose IPA has 37 bits.
  const block = (index: number, paddr: bigint) => words.write(0x8200_0000n + BigInt(index) * 8n, paddr | 0x7fdn);
  block(2, 0x8000_0000n);
  block(0x48, 0xc000_0000n);
  const cd = encodeFields(CD, { V: 1, AA64: 1, A: 1, IPS: 0, T0SZ: 25, TTB0: 0x8100_0000, EPD1: 1 });
  words.write(0xc000_0140n, ...cd);
  const fields = { V: 1, Config: 7, S1Fmt: 2, S1CDMax: 10, S1DSS: 2, S1ContextPtr: 0x9200_0000 };
  const stage2 = { S2AA64: 1, S2T0SZ: 24, S2SL0: 1, S2PS: 0, S2TTB: 0x8200_0000 };
  const ste = encodeFields(STE, { ...fields, ...stage2 });
  const found = (l1cd: bigint, TTF: number) => {
    words.write(0x9200_0000n, l1cd);
    return streamContext(ste, 5, { ...NEWEST, OAS: 0, TTF }, walkMemory(words), []);
  };
  expect(found(0x12_0000_0001n, 3)).toMatchObject({ kind: 'context' });
  expect(found(0x100_0000_0001n, 3)).toMatchObject({ event: 'C_BAD_SUBSTREAMID', why: { bits: 40 } });
});

describe('without DS descriptors of 4 KiB tables carry 48 bits', () => {
  test.each([0x0001_0000_0000_0741n, 0x0003_0000_0000_0741n])('0x%s: bits 49:48 mean nothing', (leaf) => {
    expect(rightsOf({ leaf })).toBe('rw-/rwx');
    expect(rightsOf({ leaf, cd: { IPS: 6 } })).toBe('rw-/rwx');
    expect(rightsOf({ leaf, cd: { IPS: 1 } })).toBe('rw-/rwx');
    expect(rightsOf({ leaf, cd: { DS: 1 } })).toBe('F_ADDR_SIZE');
  });

  test('where IPS says 52 bits, the first table still has its 64 bytes of alignment', () => {
    // Two entries, which take 16 bytes; those of the upper half would be found 16 bytes further.
    const cd = { T0SZ: 33, TTB0: 0x8100_0010 };
    expect(rightsOf({ cd: { ...cd, IPS: 6 } })).toBe('rw-/rwx');
    expect(rightsOf({ cd: { ...cd, IPS: 5 } })).toBe('unknown');
  });
});

describe('hardware marks a page as dirty with HD and HA', () => {
  // Read-only with DBM.
  const leaf = 0x0008_0000_0000_07c1n;

  test.each([
    [{ HD: 1, HA: 1 }, 'rw-/rw-'],
    [{ HD: 1 }, 'r--/r--'],
    [{ HA: 1 }, 'r--/r--'],
  ])('stage 1, %j', (cd, expected) => {
    expect(rightsOf({ cd, leaf: leaf | (3n << 53n) })).toBe(expected);
  });

  test.each([
    [{ S2HD: 1, S2HA: 1 }, 'rw-/rw-'],
    [{ S2HD: 1 }, 'r--/r--'],
  ])('stage 2, %j', (ste, expected) => {
    const stage2 = { Config: 6, S2AA64: 1, S2T0SZ: 25, S2SL0: 1, S2PS: 5, S2TTB: 0x8100_0000, ...ste };
    expect(rightsOf({ ste: stage2, leaf: 0x0048_0000_0000_077dn })).toBe(expected);
  });
});

test('EPD0 turns nothing off in an EL2 stream, which has TTB0 alone', () => {
  const cd = { EPD0: 1, T1SZ: 3 };
  expect(rightsOf({ cd })).toBe('F_TRANSLATION');
  expect(rightsOf({ cd, ste: { STRW: 2 }, hw: { E2H: 1 } })).toBe('F_TRANSLATION');
  expect(rightsOf({ cd: { ...cd, EPD1: 0 }, ste: { STRW: 2 }, hw: { E2H: 0 } })).toBe('rwx/rwx');
});

test('E0PD leaves the unprivileged nothing of its half, and PAN its reasons', () => {
  expect(rightsOf({ cd: { E0PD0: 1 } })).toBe('rw-/---');
  expect(rightsOf({ cd: { E0PD0: 1, PAN: 1 } })).toBe('F_PERMISSION');
  expect(rightsOf({ cd: { E0PD0: 1 }, ste: { STRW: 2 }, hw: { E2H: 0 } })).toBe('rwx/rwx');
});

describe('a descriptor of stage 1 that stage 2 keeps from being updated', () => {
  const TABLE = 0x8100_0000;
  /** Stage 2 maps 1 GiB for CD, table and page alike: `low` has S2AP. */
  function nested(cd: FieldInputs, leaf: bigint, low: bigint, kind: Access['kind']): string {
    const words = new Words();
    words.write(
      BigInt(CD_AT),
      ...encodeFields(CD, { V: 1, AA64: 1, A: 1, IPS: 5, T0SZ: 25, TTB0: TABLE, EPD1: 1, ...cd }),
    );
    words.write(BigInt(TABLE) + 16n, leaf);
    words.write(0x8200_0000n + 16n, 0x8000_0000n | low);
    const stage2 = { S2AA64: 1, S2T0SZ: 25, S2SL0: 1, S2PS: 5, S2TTB: 0x8200_0000 };
    const entry = encodeFields(STE, { V: 1, Config: 7, S1ContextPtr: CD_AT, ...stage2 });
    const context = streamContext(entry, null, NEWEST, walkMemory(words), []);
    if (context.kind !== 'context') throw new Error(context.kind);
    const end = translate(context, { iova: 0x8000_0000n, kind, privileged: true }, NEWEST, walkMemory(words), []);
    if (end.kind === 'fault') return `${end.event} ${end.stage} ${end.class} ${end.ipa?.toString(16)} ${end.why.kind}`;
    return end.kind === 'translated' ? rightsText(end.rights, true) : end.kind;
  }
  const [READ_WRITE, READ_ONLY] = [0x7fdn, 0x77dn];
  const [NOT_ACCESSED, CLEAN] = [0x8000_0341n, 0x0008_0000_8000_07c1n];

  test('is read in vain when AF has to be set', () => {
    expect(nested({ HA: 1 }, NOT_ACCESSED, READ_ONLY, 'read')).toBe('F_PERMISSION 2 TT 81000010 unwritable');
    expect(nested({ HA: 1 }, NOT_ACCESSED, READ_WRITE, 'read')).toBe('rw-');
    expect(nested({ AFFD: 1 }, NOT_ACCESSED, READ_ONLY, 'read')).toBe('r--');
    expect(nested({}, NOT_ACCESSED, READ_ONLY, 'read')).toBe('F_ACCESS 1 IN undefined no-access-flag');
  });

  test('is written through in vain when the page has to be marked as dirty', () => {
    expect(nested({ HA: 1, HD: 1 }, CLEAN, READ_ONLY, 'write')).toBe('F_PERMISSION 2 TT 81000010 unwritable');
    expect(nested({ HA: 1, HD: 1 }, CLEAN, READ_ONLY, 'read')).toBe('r--');
    expect(nested({ HA: 1, HD: 1 }, CLEAN, READ_WRITE, 'write')).toBe('rw-');
    expect(nested({ HA: 1 }, CLEAN, READ_WRITE, 'write')).toBe('F_PERMISSION 1 IN undefined not-granted');
  });
});

test.each([
  [{}, { SH0: 3 }, 2],
  [{}, { DS: 1, SH0: 3 }, 3],
  [{}, { DS: 1, SH0: 0, TG0: 1, T0SZ: 22 }, 2],
  [{ Config: 6 }, {}, 2],
  [{ Config: 6, S2DS: 1 }, {}, 3],
])('STE %j, CD %j: DS takes shareability from SH0 or S2SH0', (fields, cd, shareability) => {
  const words = new Words();
  const stage1 = { V: 1, AA64: 1, A: 1, IPS: 5, T0SZ: 25, TTB0: 0x8100_0000, EPD1: 1, ...cd };
  words.write(BigInt(CD_AT), ...encodeFields(CD, stage1));
  // SH 2, which with DS are two bits of the address, and not set then.
  words.write(0x8100_0000n, ('DS' in cd && !('TG0' in cd)) || 'S2DS' in fields ? 0x4fdn : 0x6fdn);
  const stage2 = { S2AA64: 1, S2T0SZ: 25, S2SL0: 1, S2PS: 5, S2SH0: 3, S2TTB: 0x8100_0000 };
  const ste = encodeFields(STE, { V: 1, Config: 5, S1ContextPtr: CD_AT, ...stage2, ...fields });
  const context = streamContext(ste, null, NEWEST, walkMemory(words), []);
  if (context.kind !== 'context') throw new Error(context.kind);
  const end = translate(context, { iova: 0n, kind: 'read', privileged: true }, NEWEST, walkMemory(words), []);
  expect(end).toMatchObject({ kind: 'translated', attributes: [{ shareability }] });
});

test.each([
  [{}, 1, 0n, 0x44],
  [{}, 1, 1n << 59n, 0x44],
  [{ AIE: 1 }, 1, 0n, 0x44],
  [{ AIE: 1 }, 1, 1n << 59n, 0xbb],
  [{ AIE: 1 }, 0, 1n << 59n, 0x44],
])('CD %j, IDR3.AIE %i: bit 59 of 0x%s is bit 3 of AttrIndx', (cd, AIE, bit, mair) => {
  const words = new Words();
  const fields = { V: 1, AA64: 1, A: 1, IPS: 5, T0SZ: 25, TTB0: 0x8100_0000, EPD1: 1, HAD0: 1, MAIR0: 0x44 };
  words.write(BigInt(CD_AT), ...encodeFields(CD, { ...fields, MAIR1: 0xbb00_0000, ...cd }));
  words.write(0x8100_0000n, 0x741n | bit);
  const features = { ...NEWEST, AIE };
  const ste = encodeFields(STE, { V: 1, Config: 5, S1ContextPtr: CD_AT });
  const context = streamContext(ste, null, features, walkMemory(words), []);
  if (context.kind !== 'context') throw new Error(context.kind);
  const end = translate(context, { iova: 0n, kind: 'read', privileged: true }, features, walkMemory(words), []);
  expect(end).toMatchObject({ attributes: [{ type: { kind: 'normal', outer: mair >> 4, inner: mair & 15 } }] });
});
