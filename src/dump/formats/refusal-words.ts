/**
 * What ends the walk over the records of a dump, in words: the error says it of a file that has nothing before it, a
 * report of one that has.
 */

import { hex } from '../../hex.ts';
import type { FlattenedFlaw, RecordHeaderFlaw } from '../problem.ts';

/** Of a flattened dump. */
export function flattenedFlawInWords(flaw: FlattenedFlaw): string {
  switch (flaw.kind) {
    case 'flattened-no-end':
      return 'the flattened dump ends without its end mark; what had not come by then is unknown';
    case 'flattened-damaged': {
      const claim = `offset ${flaw.fileOffset} and size ${flaw.size}`;
      return `a record of the flattened dump is damaged (${claim}); what comes behind it is unknown`;
    }
    case 'flattened-cut': {
      const [claim, fileEnd] = [hex(flaw.byteLength), hex(flaw.fileEnd)];
      return `a record of the flattened dump claims ${claim} bytes; the file ends before, at ${fileEnd}`;
    }
  }
}

const HEADER_FLAWS: Readonly<Record<Exclude<RecordHeaderFlaw['kind'], 'version'>, string>> = {
  'header-cut': 'a record header is cut off',
  'no-record': 'no record begins here',
  'avml-in-lime': 'an AVML record in a LiME dump',
  'reserved-set': 'the reserved bytes of a record header are not zero',
  'end-before-start': 'a record ends before it begins',
};

/** Of a LiME or AVML dump. */
export function recordHeaderFlawInWords(flaw: RecordHeaderFlaw): string {
  if (flaw.kind !== 'version') return HEADER_FLAWS[flaw.kind];
  return `${flaw.of} version ${flaw.version}; ${flaw.needed} is needed`;
}
