/** Packs the rows of a report for the page, as `packed.ts` describes them. */

import { PAGE_STATES, type PageState } from '../../../dump/memory.ts';
import type { CdTableReport } from '../../../tables/cd-rows.ts';
import type { L1Row } from '../../../tables/l1-rows.ts';
import type { SteRow } from '../../../tables/ste-rows.ts';
import { withoutSsidInWords } from '../../prose/field-text.ts';
import type { PackedL1, PackedSte } from './packed.ts';
import { ENTRY_BYTE_LENGTH, Expected, L1_STATUSES, type PackedCd, type PackedCdTable } from './packed.ts';

export function packL1({ index, descriptor, status }: L1Row): PackedL1 {
  return [index, descriptor.toString(16), L1_STATUSES.indexOf(status)];
}

/** Packs STEs in their order. */
export class StePacker {
  readonly #expected = new Expected();

  /** `cds` are those of the row that the page has room for. */
  pack({ sid, address, pageState, words, cdTable }: SteRow, cds: SteRow['cds']): PackedSte {
    const start = [sid, this.#expected.step(sid, address), stateIndex(pageState), packWords(words)] as const;
    if (cdTable === null) return start;
    const packedCds = cds.map(
      (cd): PackedCd => [
        cd.ssid,
        cd.address - cdTable.address - cd.ssid * ENTRY_BYTE_LENGTH,
        stateIndex(cd.pageState),
        packWords(cd.words),
      ],
    );
    return [...start, packCdTable(cdTable), packedCds];
  }
}

function packCdTable({ format, withoutSsid, unknown, notListed, notExamined }: CdTableReport): PackedCdTable {
  if (format === 'single' && unknown + notListed + notExamined === 0) return 0;
  return [format, withoutSsidInWords(withoutSsid), unknown, notListed, notExamined];
}

function stateIndex(state: PageState): number {
  return PAGE_STATES.indexOf(state);
}

/** Words up to the last that is not zero. */
function packWords(words: readonly bigint[]): string {
  return words
    .map((word) => word.toString(16))
    .join(' ')
    .replace(/( 0)+$/, '');
}
