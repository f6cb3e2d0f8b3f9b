/** Raw dumps: plain bytes of physical memory, with the addresses coming from somewhere else. */

import { InputError } from '../../errors.ts';
import { type DumpAssumption, type DumpContents, NO_DETAILS, PADDR_LIMIT } from '../dump.ts';
import { countAllPages, UnchartedMemory } from '../memory.ts';
import type { DumpProblem } from '../problem.ts';
import type { ByteSource } from '../sources/source.ts';
import { type Segment, SegmentMemory } from './segments.ts';

/** The smallest page that arm64 has, so that all memory is whole ones, whatever the kernel's own page size. */
const PAGE_BYTE_LENGTH = 4096;

/** One stretch of a raw dump. Without `byteLength` it reaches to the end of the file. */
export interface RawPart {
  readonly source: ByteSource;
  readonly paddr: number;
  readonly fileOffset: number;
  readonly byteLength?: number | undefined;
  /** Where the user said so, for messages: `memory[1]` or `ddr0.bin@0x80000000`. */
  readonly where: string;
}

/**
 * A part whose length is given may reach beyond its file: what the file lacks is lost. One without a length whose file
 * ends within a page was cut off: how far its memory went is not known, so that the dump has no holes then.
 * Throws InputError when parts overlap, leave the physical address space, or begin, without a length, where their file
 * has ended.
 */
export function openRaw(
  parts: readonly RawPart[],
  pageSize: number | undefined,
  assumptions: readonly DumpAssumption[],
): DumpContents {
  const segments = parts.map(toSegment);
  refuseOverlap(parts, segments);
  const starts = new Set(segments.map(({ paddr }) => paddr));
  const problems: DumpProblem[] = [];
  let mapComplete = true;
  const claimed = segments.map((segment, i): Segment => {
    const { source, paddr, fileOffset, byteLength } = segment;
    const { where = '', byteLength: given } = parts[i] ?? {};
    const end = paddr + byteLength;
    const isOfPages = [byteLength, end].some((place) => place % PAGE_BYTE_LENGTH === 0);
    // Parts of `split` have any length: memory goes on in the next one.
    if (given === undefined && !isOfPages && !starts.has(end)) {
      mapComplete = false;
      const what = { kind: 'raw-ends-within-page', part: where, end } as const;
      problems.push({ file: source.name, fileOffset: source.byteLength, what });
      const wholePages = Math.ceil(end / PAGE_BYTE_LENGTH) * PAGE_BYTE_LENGTH - paddr;
      return { ...segment, byteLength: wholePages, fileByteLength: wholePages };
    }
    const neededEnd = fileOffset + byteLength;
    if (neededEnd > source.byteLength) {
      const what = { kind: 'raw-part-cut', part: where, neededEnd } as const;
      problems.push({ file: source.name, fileOffset: source.byteLength, what });
    }
    return segment;
  });
  const memory = new SegmentMemory(claimed);
  return {
    format: 'raw',
    wrapper: null,
    pageSize: pageSize ?? 4096,
    complete: problems.length === 0,
    mapComplete,
    memory: mapComplete ? memory : new UnchartedMemory(memory),
    zeroPagesFiltered: null,
    details: NO_DETAILS,
    census: () => countAllPages(memory, pageSize ?? 4096),
    assumptions:
      pageSize === undefined ? [...assumptions, { kind: 'page-size', byteLength: 4096, unsaidBy: 'raw' }] : assumptions,
    problems,
  };
}

function toSegment({ source, paddr, fileOffset, byteLength: given, where }: RawPart): Segment {
  const byteLength = given ?? source.byteLength - fileOffset;
  if (byteLength <= 0) {
    throw new InputError(
      'snapshot',
      `begins at offset 0x${fileOffset.toString(16)}, beyond the end of ${source.name}`,
      {
        place: where,
      },
    );
  }
  if (paddr + byteLength > PADDR_LIMIT) {
    throw new InputError('usage', `0x${paddr.toString(16)} + 0x${byteLength.toString(16)} is beyond 52 address bits`, {
      place: where,
    });
  }
  return { paddr, byteLength, source, fileOffset, fileByteLength: byteLength };
}

function refuseOverlap(parts: readonly RawPart[], segments: readonly Segment[]): void {
  const order = segments.map((_, i) => i).sort((a, b) => (segments[a]?.paddr ?? 0) - (segments[b]?.paddr ?? 0));
  for (let i = 1; i < order.length; i++) {
    const [before, after] = [order[i - 1] as number, order[i] as number];
    const [low, high] = [segments[before] as Segment, segments[after] as Segment];
    if (low.paddr + low.byteLength > high.paddr) {
      const address = `0x${high.paddr.toString(16)}`;
      throw new InputError('snapshot', `overlaps ${parts[before]?.where} at ${address}`, {
        place: parts[after]?.where ?? '',
      });
    }
  }
}
