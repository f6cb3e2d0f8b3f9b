/** The rules as a SARIF viewer lists them: what each means in general, whatever one finding of it says. */

import { RULES, type Rule } from '../inspect/rules.ts';

const DESCRIPTIONS: { readonly [R in Rule]: string } = {
  'smmu-disabled': 'The SMMU was off, so there is no table in use to adopt.',
  'smmu-non-coherent': 'The SMMU is not coherent, and only coherent ones are adopted.',
  'smmu-service-failure': 'The SMMU is in service failure mode and has to be reset.',
  'adoption-fallback': 'A check of the adoption fails, and the SMMU is reset: in-flight DMA is aborted.',
  'adoption-indeterminate': 'The dump lacks what decides whether the table is adopted.',
  'strtab-outside-memory': 'The stream table or its first level cannot be mapped.',
  'strtab-base-unaligned': 'The table base is not aligned to its size: Linux and the hardware read different tables.',
  'address-bits-above-51': 'An address has bits 55:52 set, which Linux drops.',
  'l1-span-unsupported': 'An L1 descriptor has a span that Linux does not adopt, so the whole table is rejected.',
  'l1-null-pointer': 'An L1 descriptor in use has a null pointer, which Linux and the hardware understand differently.',
  'l1-pointer-rejected': 'An L1 descriptor in use has a pointer for which the revision rejects the whole table.',
  'id-scan-failure': 'An STE or a context descriptor breaks a rule of the scan for ASIDs and VMIDs in use.',
  'mapping-misplaced': "A table is mapped onto something that is not the crashed kernel's memory.",
  'kernel-panic': 'The kdump kernel dies reading a table.',
  'smmu-lost': 'A device is refused while the SMMU registers, and the whole SMMU is lost with it.',
  'revisions-differ': 'Other revisions of the series would decide differently.',
  'cleanup-leak': 'The clean-up takes the table for another format and leaks mappings or memory.',
  'dmesg-differs': 'The captured kernel log is not as predicted.',
  'l2-outside-memory': 'An L2 table cannot be mapped, and no device behind it is accepted.',
  'l2-unaligned': 'An L2 pointer is not 16 KiB aligned: Linux and the hardware read different tables.',
  'table-not-in-dump': 'Entries of a table are not in the dump.',
  'excluded-read-as-zero': 'Pages of the table that the capture tool left out were taken to be zero.',
  'table-cut': 'There are more L2 tables than were examined.',
  'ste-config-reserved': 'A valid STE has a reserved Config.',
  'sid-without-ste': 'A StreamID that was asked for has no STE to show.',
  'insert-out-of-range': 'A device is refused because the table does not cover its StreamID.',
  'insert-span-changed': 'A device is refused because its L1 descriptor has another span than at adoption.',
  'insert-l2-base-bad': 'A device is refused because its L1 descriptor has a bad pointer.',
  'insert-l2-not-mappable': 'A device is refused because its L2 table cannot be mapped.',
  'insert-aliasing': 'A device is refused because another one has its StreamID.',
  'insert-deferral-unknown': 'The dump lacks the STE that says whether the attach of a device is deferred.',
  'insert-indeterminate': 'The dump lacks the L1 descriptor that says whether a device is accepted.',
  'insert-not-possible': 'Devices are not inserted into a table that was not adopted.',
  'insert-list-cut': 'There are more active StreamIDs than were inserted.',
  'platform-smmu-unknown': "Firmware's tables have no SMMU at this base.",
  'platform-coherency': "Firmware's table and the snapshot disagree on coherency.",
  'platform-sids-beyond': 'Firmware maps requester IDs to StreamIDs that the table does not cover.',
  'platform-sid-unclaimed': 'A StreamID is active, but firmware has no device with it.',
  'platform-rmr': 'Firmware keeps memory for a device that goes on using it.',
  'platform-table-damaged': "Something in a table of firmware's is wrong and was passed over.",
  'platform-not-in-dump': 'The dump was searched for a table of firmware, and none was found.',
  'dump-load-address-assumed': 'The dump does not say where its bytes belong, and is taken to start at address 0.',
  'dump-damaged': 'The dump is damaged.',
  'dump-incomplete': 'The dump says of itself that it is incomplete.',
  'snapshot-unknown-register': 'The snapshot has a register that the architecture does not know.',
  'snapshot-memory-ignored': "The snapshot's memory list is not used.",
  'snapshot-after-probe': "The registers were read after the kdump kernel's probe.",
  'findings-omitted': 'There are more findings of one rule than are listed.',
};

/** By name, which is how results are sorted too. */
const NAMES = (Object.keys(RULES) as Rule[]).sort();

export const SARIF_RULES = NAMES.map((id) => ({
  id,
  shortDescription: { text: DESCRIPTIONS[id] },
  defaultConfiguration: { level: RULES[id].severity },
}));

export function ruleIndex(rule: Rule): number {
  return NAMES.indexOf(rule);
}
