/** The registers of an SMMU as the report has them. */

import { decodeFields } from '../smmu/fields.ts';
import { REGISTERS } from '../smmu/registers/registers.ts';
import type { SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { SmmuReport } from './inspection.ts';

/** Every register that the snapshot has, decoded as far as it is known, by offset. */
export function registerReport({ registers, partial, provenance }: SmmuSnapshot): SmmuReport['registers'] {
  const report: Record<string, SmmuReport['registers'][string]> = {};
  for (const layout of REGISTERS) {
    const some = partial?.get(layout.name);
    const value = registers.get(layout.name) ?? some?.value;
    if (value === undefined) continue;
    report[layout.name] = {
      value,
      how: provenance?.get(layout.name) ?? 'hardware',
      ...(some === undefined ? {} : { known: some.known }),
      fields: decodeFields(layout, [value], some?.known),
    };
  }
  return report;
}
