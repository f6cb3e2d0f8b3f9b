/** How many streams and context descriptors are examined for risks? For each SMMU, and for all of a report together. */

/** Several times what any server has. */
const MAX_STES_EXAMINED = 1 << 14;
/** Valid ones, each of which is judged, and places for them, which are looked at. */
const MAX_CDS_EXAMINED = 1 << 16;
const MAX_CD_PLACES = 1 << 20;
/** The SMMUs of one report together may take so many times as much. */
const SMMUS_EXAMINED = 8;

/** Of what there may be more than are examined. */
export type ExaminedKind = 'active-stes' | 'cds' | 'cd-places' | 'structures' | 'translation-tables';

/** What is left. */
export interface Examined {
  stes: number;
  cds: number;
  places: number;
}

/** What may be examined for all SMMUs of one report. */
export class ExaminationBudget implements Examined {
  /** For who asks what the kernel does, and for no risks. */
  static nothing(): ExaminationBudget {
    return Object.assign(new ExaminationBudget(), { stes: 0, cds: 0, places: 0 });
  }

  stes = SMMUS_EXAMINED * MAX_STES_EXAMINED;
  cds = SMMUS_EXAMINED * MAX_CDS_EXAMINED;
  places = SMMUS_EXAMINED * MAX_CD_PLACES;

  /** For the next SMMU. */
  share(): Examined {
    return {
      stes: Math.min(this.stes, MAX_STES_EXAMINED),
      cds: Math.min(this.cds, MAX_CDS_EXAMINED),
      places: Math.min(this.places, MAX_CD_PLACES),
    };
  }

  /** What one has used of its share. */
  take(share: Examined, left: Examined): void {
    this.stes -= share.stes - left.stes;
    this.cds -= share.cds - left.cds;
    this.places -= share.places - left.places;
  }
}
