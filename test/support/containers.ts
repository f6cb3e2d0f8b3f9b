/** One memory image as every container there is: what the same memory looks like to different capture tools. */

import type { Extent } from '../../samples/image.ts';
import type { temporaryFolder } from './temporary.ts';
import { compressSnappyFramed } from './writers/compress.ts';
import { elfCore } from './writers/elf-writer.ts';
import { cutIntoRecords, flatten } from './writers/flatten.ts';
import { type KdumpPage, kdump } from './writers/kdump-writer.ts';
import { limeDump } from './writers/lime-writer.ts';

const PAGE = 4096;
const VMCOREINFO = 'OSRELEASE=7.1.0-test\nPAGESIZE=4096\n';

export interface Written {
  readonly name: string;
  /** The files to open, with addresses where they need them. */
  readonly dump: readonly string[];
}

/** Writes `extents` (whole pages, ascending) into `folder` as every container. */
export function asEveryContainer(extents: readonly Extent[], folder: ReturnType<typeof temporaryFolder>): Written[] {
  const file = (name: string, bytes: Uint8Array) => folder.write(name, bytes);
  const elf = elfCore(extents, { vmcoreinfo: VMCOREINFO }).bytes;
  const pages = (as: (i: number) => KdumpPage['as']): KdumpPage[] =>
    extents
      .flatMap(({ paddr, bytes }) =>
        Array.from({ length: bytes.length / PAGE }, (_, i) => ({
          pfn: paddr / PAGE + i,
          bytes: bytes.subarray(i * PAGE, (i + 1) * PAGE),
        })),
      )
      .map((page, i) => ({ ...page, as: as(i) }));
  const compressed = (as: (i: number) => KdumpPage['as'], options = {}) =>
    kdump(pages(as), { vmcoreinfo: VMCOREINFO, utsname: { release: '7.1.0-test', machine: 'aarch64' }, ...options })
      .bytes;
  const codecs = ['plain', 'zlib', 'lzo', 'snappy', 'zstd'] as const;
  const mixed = compressed((i) => codecs[i % codecs.length] as KdumpPage['as']);
  const pfns = pages(() => 'plain').map(({ pfn }) => pfn);
  const middle = pfns[Math.floor(pfns.length / 2)] as number;
  const end = (pfns.at(-1) as number) + 1;
  const backwards = (bytes: Uint8Array) => flatten([...cutIntoRecords(bytes, [17, 4096, 1000])].reverse()).bytes;
  const lime = (list: readonly Extent[], compress?: (bytes: Uint8Array) => Uint8Array) =>
    limeDump(list.map((extent) => ({ ...extent, compressed: compress && [compress(extent.bytes)] }))).bytes;

  const ddr = extents.map(({ bytes }, i) => file(`DDRCS0_${i}.BIN`, bytes));
  const info = extents.map(
    ({ paddr, bytes }, i) => `1 0x${paddr.toString(16)} ${bytes.length} DDR bank ${i} DDRCS0_${i}.BIN`,
  );
  return [
    { name: 'raw files with addresses', dump: ddr.map((path, i) => `${path}@0x${extents[i]?.paddr.toString(16)}`) },
    { name: 'Qualcomm dump_info.txt', dump: [file('dump_info.txt', Buffer.from(info.join('\r\n')))] },
    { name: 'ELF', dump: [file('core.elf', elf)] },
    { name: 'flattened ELF', dump: [file('core.flat', backwards(elf))] },
    ...codecs.map((codec) => ({
      name: `kdump, ${codec}`,
      dump: [
        file(
          `${codec}.kdump`,
          compressed(() => codec),
        ),
      ],
    })),
    { name: 'kdump, mixed', dump: [file('mixed.kdump', mixed)] },
    ...[1, 3, 6].map((version) => ({
      name: `kdump, version ${version}`,
      dump: [
        file(
          `version${version}.kdump`,
          compressed(() => 'zlib', { version, notedVmcoreinfo: VMCOREINFO }),
        ),
      ],
    })),
    { name: 'flattened kdump', dump: [file('mixed.flat', backwards(mixed))] },
    {
      name: 'split kdump, second part first',
      dump: [
        file(
          'part2.kdump',
          compressed(() => 'zlib', { split: { startPfn: middle, endPfn: end } }),
        ),
        file(
          'part1.kdump',
          compressed(() => 'lzo', { split: { startPfn: 0, endPfn: middle } }),
        ),
      ],
    },
    { name: 'LiME, backwards', dump: [file('dump.lime', lime([...extents].reverse()))] },
    { name: 'AVML', dump: [file('dump.avml', lime(extents, compressSnappyFramed))] },
  ];
}
