/** What was read, and how is the report made again? */

import { findingsOf } from '../../findings/by-smmu.ts';
import { hex } from '../../hex.ts';
import type { DumpReport, Inspection } from '../../inspect/inspection.ts';
import { escapeText } from '../escape.ts';
import { assumptionText } from '../prose/assumptions.ts';
import { kernelNotes, takenInWords } from '../prose/crashed-kernel.ts';
import { dumpAssumptionInWords } from '../prose/dump.ts';
import { count, inUnits } from '../prose/quantities.ts';
import { findingItems } from './findings.ts';
import { code, type Fact, facts, joined, type Prose, type Section } from './section.ts';

/** What a report was asked for with, which the inspection does not hold. */
export interface Given {
  /** Every file but the dumps, as it was named. */
  readonly files: readonly string[];
  /** The command line that makes the report again, quoted for a shell. */
  readonly command: string;
}

export function input({ dump, later, kernel, findings, redacted }: Inspection, given: Given | null): Section {
  const { release, buildId } = kernel ?? { release: null, buildId: null };
  return {
    id: 'input',
    title: 'Input',
    blocks: [
      { items: findingItems(findingsOf(findings, null), findings) },
      facts([
        ...dumpFacts('Dump', dump, redacted !== true),
        ...(later === null ? [] : dumpFacts('Later dump', later, redacted !== true)),
        ['Kernel', release],
        ['Build id', buildId === null ? null : code(buildId)],
        ['Taken from it', kernel && takenInWords(kernel)],
        ...(kernel === null ? [] : kernelNotes(kernel).map((note): Fact => ['Its state', note])),
        [
          'Other files',
          given === null || given.files.length === 0 ? null : joined(given.files.map(escapeText).map(code), ', '),
        ],
        ['Made with', given && { text: escapeText(given.command), kind: 'command' }],
      ]),
    ],
  };
}

/** The memory map is for orientation here; JSON has all of it. */
const MAX_RANGES_SHOWN = 8;

/** `sized`: the memory map says how much there is, which one of stand-ins does not. */
function dumpFacts(term: string, dump: DumpReport, sized: boolean): Fact[] {
  const { files, format, wrapper, pageSize, memory, memoryComplete, completeness, assumptions } = dump;
  const container = [format, wrapper, `${inUnits(pageSize)} pages`, COMPLETENESS[completeness]];
  const size = memory.reduce((sum, { start, end }) => sum + end - start, 0);
  const ranges = memory.slice(0, MAX_RANGES_SHOWN).map(({ start, end }) => code(`${hex(start)}-${hex(end - 1)}`));
  const more = memory.length - ranges.length;
  const ram: Prose[] = [`${sized ? `${inUnits(size)} in ` : ''}${count(memory.length, 'range')}`];
  if (ranges.length > 0) ram.push(': ', joined(ranges, ', '));
  if (more > 0) ram.push(`, and ${count(more, 'more range')}`);
  if (!memoryComplete) ram.push('; what is elsewhere is unknown');
  return [
    [term, [joined(files.map(code), ', '), ` (${container.filter(Boolean).join(', ')})`]],
    ['RAM', ram],
    ...assumptions.map((one): Fact => ['Assumed', assumptionText(dumpAssumptionInWords(one))]),
  ];
}

/** What is not known of a format without a mark at its end is no news. */
const COMPLETENESS = { whole: 'complete', short: 'incomplete', unknown: null } as const;
