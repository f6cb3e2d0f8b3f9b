/** Writes the ring buffer of a kernel's log (struct printk_ringbuffer) into a made kernel. */

import type { StructSpecs } from '../writers/btf-writer.ts';
import type { MadeKernel } from './made-kernel.ts';

/** Layouts as of 6.1. */
export const LOG_STRUCTS: StructSpecs = {
  prb_data_blk_lpos: {
    byteLength: 16,
    members: [
      ['begin', 0, 'u64'],
      ['next', 8, 'u64'],
    ],
  },
  prb_desc: {
    byteLength: 24,
    members: [
      ['state_var', 0, 'u64'],
      ['text_blk_lpos', 8, 'prb_data_blk_lpos'],
    ],
  },
  prb_data_ring: {
    byteLength: 32,
    members: [
      ['size_bits', 0, 'u32'],
      ['data', 8, 'void*'],
      ['head_lpos', 16, 'u64'],
      ['tail_lpos', 24, 'u64'],
    ],
  },
  prb_desc_ring: {
    byteLength: 48,
    members: [
      ['count_bits', 0, 'u32'],
      ['descs', 8, 'void*'],
      ['infos', 16, 'void*'],
      ['head_id', 24, 'u64'],
      ['tail_id', 32, 'u64'],
    ],
  },
  printk_ringbuffer: {
    byteLength: 88,
    members: [
      ['desc_ring', 0, 'prb_desc_ring'],
      ['text_data_ring', 48, 'prb_data_ring'],
    ],
  },
  printk_info: {
    byteLength: 88,
    members: [
      ['seq', 0, 'u64'],
      ['ts_nsec', 8, 'u64'],
      ['text_len', 16, 'u16'],
      ['facility', 18, 'u8'],
      ['flags', 19, 'u8', [0, 5]],
      ['level', 19, 'u8', [5, 3]],
      ['caller_id', 20, 'u32'],
    ],
  },
};

/** What VMCOREINFO says of them: no bit fields, and no structures inside of structures but by their place. */
export function describeLog(vmcoreinfo: Map<string, string>): void {
  for (const [name, { byteLength, members }] of Object.entries(LOG_STRUCTS)) {
    vmcoreinfo.set(`SIZE(${name})`, String(byteLength));
    for (const [member, offset] of members) {
      if (['facility', 'flags', 'level', 'caller_id'].includes(member)) continue;
      vmcoreinfo.set(`OFFSET(${name}.${member})`, String(offset));
    }
  }
}

export interface MadeRecord {
  readonly text: string;
  readonly level?: number;
  readonly nanoseconds?: bigint;
  /** 0 reserved, 1 committed, 2 finalized (when left out), 3 reusable. */
  readonly state?: number;
}

const LOG2_COUNT = 4;
const COUNT = 1n << BigInt(LOG2_COUNT);

/** Writes records one after the other, as a kernel would that has just wrapped: the oldest ones give way. */
export function writeLog(kernel: MadeKernel, records: readonly MadeRecord[], log2Text = 9): bigint {
  kernel.addStructs(LOG_STRUCTS);
  const size = 1n << BigInt(log2Text);
  const descs = kernel.allocate(24 << LOG2_COUNT);
  const infos = kernel.allocate(88 << LOG2_COUNT);
  const data = kernel.allocate(Number(size));
  // IDs begin so that they pass over the end of 62 bits: a mask is needed.
  const firstId = (1n << 62n) - 5n;
  const idOf = (i: number) => BigInt.asUintN(62, firstId + BigInt(i));
  let position = 0n;
  for (const [i, { text, level = 6, nanoseconds = BigInt(i) * 1_500_000n, state = 2 }] of records.entries()) {
    const id = idOf(i);
    const index = id % COUNT;
    const bytes = Buffer.from(text);
    // Blocks are of whole words: eight bytes of ID, then the text.
    const byteLength = BigInt(8 + Math.ceil(bytes.byteLength / 8) * 8);
    let [begin, next] = [position, position + byteLength];
    if (begin / size !== (next - 1n) / size) next = (begin / size + 1n) * size + byteLength;
    const start = begin / size === (next - 1n) / size ? begin % size : 0n;
    position = next;
    const at = kernel.paddrOf(data + start);
    kernel.memory.u64(at, id);
    kernel.memory.write(at + 8, bytes);
    if (bytes.byteLength === 0) [begin, next] = [1n, 1n];
    kernel.object(
      'prb_desc',
      {
        state_var: (BigInt(state) << 62n) | id,
        'text_blk_lpos.begin': begin,
        'text_blk_lpos.next': next,
      },
      descs + 24n * index,
    );
    const info = { seq: i, ts_nsec: nanoseconds, text_len: bytes.byteLength };
    const va = kernel.object('printk_info', info, infos + 88n * index);
    kernel.memory.write(kernel.paddrOf(va) + 19, Buffer.from([(level << 5) | 2]));
  }
  const first = Math.max(0, records.length - Number(COUNT));
  const ring = kernel.object('printk_ringbuffer', {
    'desc_ring.count_bits': LOG2_COUNT,
    'desc_ring.descs': descs,
    'desc_ring.infos': infos,
    'desc_ring.head_id': idOf(records.length - 1),
    'desc_ring.tail_id': idOf(first),
    'text_data_ring.size_bits': log2Text,
    'text_data_ring.data': data,
  });
  const symbol = kernel.data(8);
  kernel.memory.u64(kernel.paddrOf(symbol), ring);
  kernel.vmcoreinfo.set('SYMBOL(prb)', symbol.toString(16));
  return ring;
}
