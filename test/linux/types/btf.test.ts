/** Reading BTF: every kind, new headers, split data, names that occur twice, and data that is damaged. */

import { describe, expect, test } from 'vitest';
import { Btf } from '../../../src/linux/types/btf.ts';
import { BtfTypes } from '../../../src/linux/types/types.ts';
import { CORE_STRUCTS, DRIVER_STRUCTS, SMMUV2 } from '../../support/made/kernel-structs.ts';
import { type StructSpecs, writeBtf } from '../../support/writers/btf-writer.ts';

const SPECS: StructSpecs = {
  point: {
    byteLength: 8,
    members: [
      ['x', 0, 'u32'],
      ['y', 4, 'wrapped'],
    ],
  },
  choice: {
    form: 'union',
    byteLength: 8,
    members: [
      ['whole', 0, 'u64'],
      ['', 0, 'point'],
    ],
  },
  thing: {
    byteLength: 32,
    members: [
      ['next', 0, 'void*'],
      ['', 8, 'choice'],
      ['corner', 16, 'point'],
    ],
  },
  info: {
    byteLength: 8,
    members: [
      ['facility', 0, 'u8'],
      ['flags', 1, 'u8', [0, 5]],
      ['level', 1, 'u8', [5, 3]],
      ['id', 4, 'u32'],
    ],
  },
};

function typesOf(bytes: Buffer, base: Btf | null = null): BtfTypes {
  const btf = Btf.parse(bytes, base);
  if (btf === null) throw new Error('this BTF is not well-formed');
  return new BtfTypes(btf);
}

describe.each([{}, { withOtherKinds: true }, { withLayout: true }, { withLayout: true, withOtherKinds: true }])(
  '%j',
  (options) => {
    const types = typesOf(writeBtf(SPECS, options).bytes);

    test.each([
      ['thing', 'next', { offset: 0, byteLength: 8, bits: null }],
      ['thing', 'whole', { offset: 8, byteLength: 8, bits: null }],
      ['thing', 'y', { offset: 12, byteLength: 4, bits: null }],
      ['thing', 'corner', { offset: 16, byteLength: 8, bits: null }],
      ['thing', 'corner.y', { offset: 20, byteLength: 4, bits: null }],
      ['info', 'flags', { offset: 1, byteLength: 1, bits: { lsb: 0, width: 5 } }],
      ['info', 'level', { offset: 1, byteLength: 1, bits: { lsb: 5, width: 3 } }],
      ['info', 'id', { offset: 4, byteLength: 4, bits: null }],
    ])('%s.%s', (struct, path, member) => {
      expect(types.struct(struct)?.member(path)).toEqual(member);
    });

    test('what is not there', () => {
      expect(types.struct('nothing')).toBeNull();
      expect(types.struct('hing')).toBeNull();
      expect(['z', 'corner.z', 'next.x', ''].map((path) => types.struct('thing')?.member(path))).toEqual([
        null,
        null,
        null,
        null,
      ]);
    });
  },
);

test('an unknown kind ends the reading where nothing says how long it is', () => {
  const { bytes } = writeBtf(SPECS, { withLayout: true });
  bytes.writeUInt32LE(0, 28);
  expect(Btf.parse(bytes)).toBeNull();
});

test('split BTF: numbers and strings go on where those of the base end, and paths cross', () => {
  const base = writeBtf(CORE_STRUCTS);
  const baseBtf = Btf.parse(base.bytes);
  const types = typesOf(writeBtf(DRIVER_STRUCTS['7.3'], { base }).bytes, baseBtf);
  expect(types.struct('arm_smmu_device')?.member('streams.rb_node')).toEqual({
    offset: 912,
    byteLength: 8,
    bits: null,
  });
  expect(types.struct('arm_smmu_device')?.member('cmdq.q.llq.prod')).toEqual({ offset: 64, byteLength: 4, bits: null });
  expect(types.struct('device')?.member('kobj.kset')?.offset).toBe(32);
});

test.each(['SMMUv2 first', 'SMMUv2 last'])('two structures of one name, %s', (order) => {
  const structs = DRIVER_STRUCTS['6.1'];
  const both = order === 'SMMUv2 first' ? { ...SMMUV2, ...structs } : { ...structs, ...SMMUV2 };
  const types = typesOf(writeBtf({ ...CORE_STRUCTS, ...both }).bytes);
  expect(types.struct('arm_smmu_device', 'strtab_cfg')?.byteLength).toBe(960);
});

describe('damage', () => {
  const { bytes, ids } = writeBtf(SPECS, { withOtherKinds: true });

  test.each([
    ['type_len', 12],
    ['str_len', 20],
    ['str_off', 16],
    ['hdr_len', 4],
  ])('%s leads outside', (_, at) => {
    const damaged = Buffer.from(bytes);
    damaged.writeUInt32LE(0x7fff_fff0, at);
    expect(Btf.parse(damaged)).toBeNull();
  });

  test('no length at which it is cut gives types', () => {
    for (let length = 0; length < bytes.byteLength; length += 7)
      expect(Btf.parse(bytes.subarray(0, length))).toBeNull();
  });

  test('a structure that has itself as an anonymous member', () => {
    const cyclic = writeBtf({
      loop: {
        byteLength: 8,
        members: [
          ['', 0, 'u32'],
          ['', 0, 'u32'],
          ['x', 4, 'u32'],
        ],
      },
    });
    const id = cyclic.ids.get('loop') as number;
    const at = cyclic.bytes.lastIndexOf(Buffer.from(Uint32Array.of(cyclic.ids.get('u32') as number, 32).buffer));
    for (const member of [0, 1]) cyclic.bytes.writeUInt32LE(id, at - 12 * (2 - member));
    const types = typesOf(cyclic.bytes);
    expect(types.struct('loop')?.member('y')).toBeNull();
  });

  test('a changed byte changes an answer at most, and never ends in an exception', () => {
    const paths: [string, string][] = [
      ['thing', 'corner.y'],
      ['thing', 'whole'],
      ['info', 'level'],
    ];
    for (let at = 0; at < bytes.byteLength; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] as number) ^ flip;
        const btf = Btf.parse(damaged);
        if (btf === null) continue;
        const types = new BtfTypes(btf);
        for (const [struct, path] of paths) {
          const member = types.struct(struct)?.member(path) ?? null;
          expect(member === null || member.offset >= 0, `byte ${at} ^ ${flip}`).toBe(true);
        }
      }
    }
    expect(ids.get('thing')).toBeGreaterThan(0);
  });
});
