/** The shape of what firmware says of an SMMU. */

import type { PlatformReport } from '../../../inspect/platform-report.ts';
import type { IdRange, ReservedRegion } from '../../../platform/firmware/firmware.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  integer,
  list,
  nullable,
  object,
  said,
  sid,
  text,
} from '../../../shape.ts';
import { firmwareSourceInWords } from '../../../snapshot/firmware-source.ts';
import { range } from './common.ts';

const idRange = define(
  'idRange',
  'A run of IDs that the SMMU sees as a run of StreamIDs',
  object<IdRange>()({
    kind: [
      'Whose IDs they are: requester IDs of a PCI host bridge, or IDs of a platform device',
      choice('pci', 'platform'),
    ],
    name: ['The host bridge or the device, as the table names it', text],
    segment: ['PCI segment; null for a platform device', nullable(sid)],
    firstId: ['First ID', sid],
    count: ['Number of IDs, and of StreamIDs', integer(1)],
    firstSid: ['StreamID of the first ID', sid],
    mask: ["The bits of a device's ID that are looked at", sid],
  }),
);

export const platform = define(
  'platform',
  'One SMMU in a table of firmware',
  object<PlatformReport>()({
    source: [
      'The file as the user named it, or where in the dump; null when no table has the SMMU',
      nullable(said(firmwareSourceInWords)),
    ],
    kind: ['Kind of the table; null when no table has the SMMU', nullable(choice('device-tree', 'iort'))],
    instance: ['The SMMU in the table; null when no table has it', nullable(text)],
    coherent: ['What the table says of coherency; null when no table has the SMMU', nullable(flag)],
    ranges: ['Who is behind the SMMU, in the order of the table', list(idRange)],
    reserved: [
      'Memory that devices behind the SMMU go on using while no driver has them',
      list(
        object<ReservedRegion>()({
          name: ['The device; null where the table does not say', nullable(text)],
          sids: ['Its StreamIDs', list(sid)],
          memory: ['The memory', derived(list(range), ({ ranges }) => ranges)],
          bypassed: ['The driver makes bypass STEs for it in a new stream table', flag],
        }),
      ),
    ],
    searched: [
      'Bytes of the dump that were looked through for a table; null when it was not searched',
      nullable(count),
    ],
  }),
);
