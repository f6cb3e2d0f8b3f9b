/** Raw dumps: plain bytes of physical memory, with the addresses coming from somewhere else. */

import { InputError } from '../../errors.ts';
import { type DumpAssumption, type DumpContents, NO_DETAILS, PADDR_LIMIT } from '../dump.ts';
import { countAllPages } from '../memory.ts';
import type { DumpProblem } from '../problem.ts';
import type { ByteSource } from '../sources/source.ts';
import { type Segment, SegmentMemory } from './segments.ts';

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
 * A part whose length is given may reach beyond its file: what the file lacks is lost.
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
  const problems = segments.flatMap(({ source, fileOffset, fileByteLength }, i): DumpProblem[] => {
    const neededEnd = fileOffset + fileByteLength;
    if (neededEnd <= source.byteLength) return [];
    const what = { kind: 'raw-part-cut', part: parts[i]?.where ?? '', neededEnd } as const;
    return [{ file: source.name, fileOffset: source.byteLength, what }];
  });
  const memory = new SegmentMemory(segments);
  return {
    format: 'raw',
    wrapper: null,
    pageSize: pageSize ?? 4096,
    complete: problems.length === 0,
    mapComplete: true,
    memory,
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
