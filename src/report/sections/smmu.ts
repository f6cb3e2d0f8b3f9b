/** What is there to show of one SMMU, and in which order? The answer first, then what asks for attention, then evidence. */

import { findingsOf } from '../../findings/by-smmu.ts';
import type { Inspection, SmmuReport } from '../../inspect/inspection.ts';
import { checks } from './adoption/checks.ts';
import { devices } from './adoption/devices.ts';
import { idScan } from './adoption/id-scan.ts';
import { ledger } from './adoption/ledger.ts';
import { reset } from './adoption/reset.ts';
import { revisions } from './adoption/revisions.ts';
import { rmr } from './adoption/rmr.ts';
import { verdict } from './adoption/verdict.ts';
import { crashedFaults } from './crashed-faults.ts';
import { findings } from './findings.ts';
import { firmware } from './firmware.ts';
import { kernelLog } from './log.ts';
import { type Mark, marksOf } from './marks.ts';
import { reachable } from './reachable.ts';
import { assumptions, registers } from './registers.ts';
import { notes, type Section } from './section.ts';
import { driverState } from './state.ts';
import { cds, l1, stes } from './tables.ts';

/** Four times what the largest servers have; of the SMMUs behind these, evidence for few readers is left out. */
const SMMUS_IN_DETAIL = 64;

/** Its sections, and what marks rows of the tables. */
export function smmuSections(
  smmu: SmmuReport,
  inspection: Inspection,
): { readonly sections: readonly Section[]; readonly marks: readonly Mark[] } {
  const own = findingsOf(inspection.findings, smmu.name);
  const marks = marksOf(smmu, own);
  const sections = [
    verdict(smmu, findingsAbout(smmu, inspection)),
    ...findings(own, inspection.findings),
    revisions(smmu),
    kernelLog(smmu),
    crashedFaults(smmu),
    devices(smmu),
    rmr(smmu),
    reachable(smmu),
    l1(smmu, marks),
    stes(smmu, marks),
    cds(smmu),
    checks(smmu),
    idScan(smmu),
    reset(smmu),
    ledger(smmu),
    driverState(smmu),
    firmware(smmu),
    registers(smmu),
    assumptions(smmu),
  ].filter((section) => section !== null);
  const isInDetail = inspection.smmus.slice(0, SMMUS_IN_DETAIL).includes(smmu);
  return { sections: isInDetail ? sections : withoutDetails(sections), marks };
}

/** What is left out is named in its place. Table rows have limits of their own, for all SMMUs together. */
function withoutDetails(sections: readonly Section[]): Section[] {
  const isLeftOut = ({ id, detail }: Section) => detail === true && id !== 'cds';
  const names = sections.filter(isLeftOut).map(({ title, short = title }) => short);
  const said =
    `Only of the first ${SMMUS_IN_DETAIL} SMMUs: ${names.join(', ')}. ` +
    'The JSON report has all of it; --smmu NAME reports on one SMMU.';
  const leftOut: Section = { id: 'left-out', title: 'Left out', detail: true, blocks: [notes(said)] };
  return [...sections.filter((section) => !isLeftOut(section)), leftOut];
}

/** What concerns an SMMU: its own findings, and those about the input. */
export function findingsAbout({ name }: SmmuReport, { findings: all }: Inspection) {
  return [...findingsOf(all, name), ...findingsOf(all, null)];
}
