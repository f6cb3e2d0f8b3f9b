/** Packs the rows of a report for the page, as `packed.ts` describes them. */

import { PAGE_STATES, type PageState } from '../../dump/memory.ts';
import type { CdTableReport, L1Row, SteRow } from '../../inspect/inspection.ts';
import type { PackedL1, PackedSte } from './packed.ts';
import { ENTRY_BYTE_LENGTH, Expected, L1_STATUSES, type PackedCd, type PackedCdTable } from './packed.ts';

export function packL1({ index, descriptor, status }: L1Row): PackedL1 {
  return [index, bare(descriptor), L1_STATUSES.indexOf(status)];
}

/** Packs STEs in their order. */
export class StePacker {
  readonly #expected = new Expected();

  pack(row: SteRow): PackedSte {
    const { sid, address, pageState, words, cdTable, cds } = row;
    const start = [sid, this.#expected.step(sid, Number(address)), stateIndex(pageState), packWords(words)] as const;
    if (cdTable === null) return start;
    const packedCds = cds.map(
      (cd): PackedCd => [
        cd.ssid,
        Number(cd.address) - Number(cdTable.address) - cd.ssid * ENTRY_BYTE_LENGTH,
        stateIndex(cd.pageState),
        packWords(cd.words),
      ],
    );
    return [...start, packCdTable(cdTable), packedCds];
  }
}

function packCdTable({ format, withoutSsid, unknown, notListed, notExamined }: CdTableReport): PackedCdTable {
  if (format === 'single' && unknown + notListed + notExamined === 0) return 0;
  return [format, withoutSsid, unknown, notListed, notExamined];
}

function stateIndex(state: PageState): number {
  return PAGE_STATES.indexOf(state);
}

/** Words up to the last that is not zero. */
function packWords(words: readonly string[]): string {
  return words
    .map(bare)
    .join(' ')
    .replace(/( 0)+$/, '');
}

/** Hex text without what every one of them begins with. */
function bare(hex: string): string {
  return hex.replace(/^0x0*(?=.)/, '');
}
