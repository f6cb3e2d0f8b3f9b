/** What a captured log of the kdump kernel tells of an adoption that the dump leaves open. */

import { TABLE_REFUSED } from '../../adopt/stream-table/init-strtab.ts';
import type { ToldByLog } from '../../adopt/told-by-log.ts';
import type { Capture } from '../../platform/evidence.ts';
import { body, captureLines, DEATH, linesOf, PROBED } from './capture-lines.ts';

const RETAINED = 'retaining SMMUEN for in-flight DMA';
const FELL_BACK = 'falling back to full reset';
const BAD_DESCRIPTOR = /^L1\[\d+\] (unsupported span \d+ \(vs \d+\)|bad l2 table base 0x[0-9a-f]+)$/;
/** v3 to v5, of tables that overlap memory of the kdump kernel. */
const OVERLAPS = /^(l[12] )?stream table is corrupted$/;
/** v5, of the table of one L1 descriptor. */
const CORRUPT_RANGE = /^L1\[(\d+)\] now points at a corrupt range$/;
const RESETTING = 'SMMU currently enabled! Resetting...';
const NOT_REGISTERED = 'Failed to register iommu';

const TEXTS: ReadonlySet<string> = new Set([RETAINED, FELL_BACK, RESETTING, NOT_REGISTERED]);
const PATTERNS = [BAD_DESCRIPTOR, OVERLAPS, CORRUPT_RANGE, TABLE_REFUSED];

/** Whether a message is one that tells something here. */
export function tells(text: string): boolean {
  const said = body(text);
  return TEXTS.has(said) || PATTERNS.some((pattern) => pattern.test(said));
}

/** What a capture says of one SMMU; null for whatever it leaves open. `alone`: the snapshot has no other. */
export function toldByLog(capture: Capture, smmu: { readonly name: string; readonly alone: boolean }): ToldByLog {
  const captured = captureLines(capture);
  const { lines } = captured;
  const { ofDevice } = linesOf(captured, smmu, tells);
  const said = ofDevice.map(({ text, line }) => ({ text: body(text), line }));
  const at = (text: string) => said.find((one) => one.text === text)?.line ?? null;
  const [retained, fellBack] = [at(RETAINED), at(FELL_BACK)];
  const after = (line: number) => lines.slice(lines.findIndex((one) => one.line === line) + 1);
  const adoption = (retained === null) === (fellBack === null) ? null : retained === null ? 'fallback' : 'adopted';
  const rest = after(retained ?? fellBack ?? lines.at(-1)?.line ?? 0);
  const survived = rest.some(({ text }) => PROBED.test(text)) && !rest.some(({ text }) => DEATH.test(text));
  const complaint = said.find(({ text }) => BAD_DESCRIPTOR.test(text) || OVERLAPS.test(text))?.text ?? null;
  return {
    adoption,
    diedIn: captured.death?.fn ?? null,
    complaint: adoption === 'fallback' ? complaint : null,
    corruptSlots: {
      of: new Set(said.flatMap(({ text }) => CORRUPT_RANGE.exec(text)?.[1] ?? []).map(Number)),
      // Behind a device that fails the registration nobody is asked.
      all: adoption !== null && (survived || at(NOT_REGISTERED) !== null),
    },
    // The reset comes after it.
    ordinaryTable: said.some(({ text }) => TABLE_REFUSED.test(text))
      ? 'refused'
      : adoption !== 'adopted' && at(RESETTING) !== null
        ? 'granted'
        : null,
    registered: adoption !== null && survived && at(NOT_REGISTERED) === null ? true : null,
  };
}
