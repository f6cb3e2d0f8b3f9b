/** The shape of `info`: what a dump says of itself. */

import type { DumpProblem } from '../../dump/problem.ts';
import { dumpFlawInWords } from '../../findings/prose/dump-problems.ts';
import type { DumpInfo } from '../../inspect/dump-info.ts';
import {
  count,
  define,
  hex,
  integer,
  list,
  mapOf,
  mapped,
  nullable,
  object,
  type Shape,
  text,
  words,
} from '../../shape.ts';
import { dumpMembers, preamble, redacted } from './parts/common.ts';

const problem = define(
  'problem',
  'Damage in one place',
  object<DumpProblem>()({
    file: ['The file, named as the user named it', text],
    fileOffset: ['Where in the file', hex],
    what: ['What is wrong there', mapped(words, dumpFlawInWords)],
  }),
);

const pages = define(
  'pageCounts',
  'Pages by state',
  object<DumpInfo['dump']['pages']>()({
    present: ['Pages whose bytes are in the dump', count],
    zero: ['Pages that the dump says are zero', count],
    excluded: ['Pages that the capture tool left out', count],
    lost: ['Pages lost to truncation or damage', count],
  }),
);

const dump = define(
  'dump',
  'A memory dump and what it says of its kernel',
  object<DumpInfo['dump']>()({
    ...dumpMembers,
    kernelRelease: ['Release of the crashed kernel; null when the dump does not say', nullable(text)],
    buildId: ['GNU build ID of the crashed kernel; null when the dump does not say', nullable(text)],
    machine: ['Machine of the crashed kernel, such as aarch64; null when the dump does not say', nullable(text)],
    dumpLevel: [
      "makedumpfile's dump level, a sum of what was left out: 1 zero pages, 2 page cache, 4 private page cache, 8 user pages, 16 free pages; null when the dump does not say",
      nullable(integer(null)),
    ],
    codecs: ['Stored pages by how they are stored: plain, or the name of a codec', mapOf(/^[a-z][a-z0-9]*$/, count)],
    pages: ['Pages of RAM by state', pages],
    vmcoreinfo: [
      'VMCOREINFO of the crashed kernel, values as written; empty when the dump has none',
      mapOf(null, text),
    ],
    problems: ['Damage that was met so far, one for each place', list(problem)],
  }),
);

export const INFO: Shape<DumpInfo> = object<DumpInfo>()({
  schemaVersion: preamble.schemaVersion,
  redacted,
  dump: ['The dump', dump],
});
