/**
 * What the SMMU writes into its PRI queue: one 16-byte entry for each page that a PCIe device asks for. Arm IHI 0070
 * issue G.b, "PRI queue". An entry has no number: all are of one kind.
 */

import { NO_YES } from '../encodings.ts';
import type { Layout } from '../fields.ts';
import { address, bits } from '../rows.ts';
import { QUEUE_FORMATS } from './queue.ts';

const PAGE_REQUEST_BYTE_LENGTH = QUEUE_FORMATS.pri.entryByteLength;

export const PAGE_REQUEST: Layout = {
  name: 'PPR',
  byteLength: PAGE_REQUEST_BYTE_LENGTH,
  meaning: 'A PCIe device asks for a page (PRI) and waits for the answer to the last request of the group.',
  fields: [
    bits('StreamID', 0, 0, 32, 'StreamID of the device'),
    bits('SubstreamID', 0, 32, 20, 'SubstreamID (PASID), where SSV is 1'),
    bits('Priv', 0, 58, 1, 'Privileged access wanted', NO_YES),
    bits('X', 0, 59, 1, 'Execution wanted', NO_YES),
    bits('R', 0, 60, 1, 'Read wanted', NO_YES),
    bits('W', 0, 61, 1, 'Write wanted', NO_YES),
    bits('Last', 0, 62, 1, 'Last request of its group: this is what is answered', NO_YES),
    bits('SSV', 0, 63, 1, 'The request has a SubstreamID', NO_YES),
    bits('PRGIndex', 1, 0, 9, 'Page request group: what CMD_PRI_RESP names'),
    address('PageAddr', 1, 12, 52, 'Address of the page [63:12]'),
  ],
};
