/** What a kernel log says of devices behind SMMUs, and what that means for their DMA. */

import type { LogReport } from '../../inspect/log/log-report.ts';
import type { DeviceMessageKind } from '../../log/facts.ts';
import { count } from '../prose/quantities.ts';
import { type Column, notes, type Row, type Section } from '../sections/section.ts';
import { COUNT, OCCURRENCE, occurrence } from './fault-sections.ts';

const COLUMNS: readonly Column[] = [COUNT, { title: 'Device' }, { title: 'Says' }, ...OCCURRENCE];

/** What follows, a sentence for each kind. */
const MEANINGS: Readonly<Record<DeviceMessageKind, string>> = {
  'insert-aliasing':
    'the StreamID belongs to another device already: this one has no IOMMU, and its DMA meets the STE of the other',
  'device-without-domain':
    'it has no translation of its own: its DMA is not mapped by the kernel, and meets whatever its STE says',
  'direct-mapping-required': 'firmware uses memory through it, and a domain that does not map that was refused',
  'device-feature-not-enabled': 'it goes on without ATS, or without SubstreamIDs',
  'vcmdq-error':
    "a virtual command queue stopped: CMDQ errors behind this are of it, and their index is not one of the SMMU's own queue",
};

/** `most`: rows of the table. */
export function deviceSection({ deviceMessages, deviceMessagesNotListed: more }: LogReport, most: number): Section {
  const rows = deviceMessages.map(
    (message): Row => ({ cells: [message.count, message.device, message.text, ...occurrence(message)] }),
  );
  const kinds = [...new Set(deviceMessages.map(({ kind }) => kind))];
  return {
    id: 'devices',
    title: 'Devices',
    aside: 'behind an SMMU that is not named',
    blocks: [
      { table: { label: 'Devices', columns: COLUMNS, rows, most } },
      notes(
        ...kinds.map((kind) => `${kind}: ${MEANINGS[kind]}`),
        more > 0 && `${count(more, 'more line')} not listed.`,
      ),
    ],
  };
}
