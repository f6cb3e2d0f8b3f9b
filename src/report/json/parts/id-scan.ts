/** Shapes of the scan for IDs in use: what it found, and every entry that breaks one of its rules. */

import { requiredInWords } from '../../../findings/prose/evidence.ts';
import { gaveUpInWords, scanObservedInWords } from '../../../findings/prose/scan.ts';
import type { IdScanReport, ScanFailureReport } from '../../../inspect/emulation/outcome.ts';
import { choice, count, define, flag, hex, list, nullable, object, said, sid, text } from '../../../shape.ts';

const scanFailureCd = define(
  'scanFailureCd',
  'An entry of a CD table',
  object<NonNullable<ScanFailureReport['cd']>>()({
    level: ['A context descriptor, or a level 1 descriptor of its table', choice('cd', 'l1')],
    index: ['SubstreamID, or index of the level 1 descriptor', count],
    address: ['Physical address', hex],
  }),
);

export const scanFailure = define(
  'scanFailure',
  'One entry that breaks a rule of the scan for IDs in use',
  object<ScanFailureReport>()({
    rule: [
      'The rule',
      choice(
        'l2-unmappable',
        'ste-config-reserved',
        'cd-table-null',
        's1cdmax-above-ssidsize',
        's1fmt-unsupported',
        's1fmt-without-cd2l',
        'cd-table-unaligned',
        'cd-table-unmappable',
        'cd-leaf-null',
        'cd-leaf-unaligned',
        'cd-leaf-unmappable',
        'asid-zero',
        'asid-too-large',
        'asid-busy',
        'vmid-zero',
        'vmid-too-large',
      ),
    ],
    sid: ['StreamID of the STE, or the first of the L2 table', sid],
    ste: ['Address of the STE; null where the L2 table as a whole is at fault', nullable(hex)],
    cd: ['The entry of its CD table at fault; null where it is the STE itself', nullable(scanFailureCd)],
    observed: ['What was found', said(scanObservedInWords)],
    required: ['What is needed', said(requiredInWords)],
    errno: ['What the scan returns for it', text],
    stopsHere: ["The kernel's scan ends here, and its log names nothing of it", flag],
  }),
);

export const idScan = define(
  'idScan',
  'The scan for ASIDs and VMIDs in use (v8 on)',
  object<IdScanReport>()({
    outcome: [
      'unknown: no rule is broken by what can be read, and something cannot',
      choice('reserved', 'failed', 'unknown'),
    ],
    cdTables: ['CD tables scanned', count],
    cds: ['Context descriptors that they hold', count],
    unknownEntries: ['Entries whose bytes are not known', count],
    contestedAsids: ['ASIDs in use that a domain of an SMMU which probed before may have (v8 and v9)', count],
    gaveUp: ['Where the scan was given up, if it was', nullable(said(gaveUpInWords))],
    rolledBack: [
      'IDs that a failing scan had reserved, all of them released again',
      object<IdScanReport['rolledBack']>()({
        asids: ['ASIDs', count],
        vmids: ['VMIDs', count],
      }),
    ],
    failures: ["Every entry that breaks a rule, in the kernel's order", list(scanFailure)],
    failuresNotListed: ['Entries beyond those listed', count],
  }),
);
