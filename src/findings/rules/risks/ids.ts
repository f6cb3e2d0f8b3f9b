/** Findings about the tags of cached translations, which old and new kernel draw from the same small numbers. */

import * as json from '../../../shape.ts';
import { ARM, linux, SERIES } from '../../explanations/references.ts';
import { idListInWords } from '../../prose/number-lists.ts';
import { rule } from '../rule.ts';
import { count } from '../words.ts';

const IDS_IN_USE = 'the section "IDs in use" of `smmu-adopt inspect DUMP --regs REGS --revision v10`: who uses which';
const REVISIONS = '`smmu-adopt inspect DUMP --regs REGS --revision all`: which revisions keep them apart';
const REFILLED =
  'The flush at the reset does not end that: DMA in flight fills the TLB again at once, with entries under the old tags.';

export const RISK_IDS = {
  'asid-reuse': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      asids: ['The lowest of them, in words', json.said(idListInWords)],
      count: ['How many', json.count],
    },
    sentence: ({ asids, count: number }) =>
      `${count(number, 'ASID is', 'ASIDs are')} live (${idListInWords(asids)}); revisions through v7 hand out ASIDs from 1 again, so a ` +
      'new domain may come to share the translations of an old one',
    explain: () => ({
      title: 'ASIDs in use may be given to new domains',
      meaning:
        'Stage 1 streams of the crashed kernel go on to translate under these ASIDs. A domain that the kdump kernel makes ' +
        'for another device may get one of them, and two address spaces then go by one tag. Low ones are taken first.',
      hardware: `A TLB entry matches by its tag: one device may be led by translations of the other, in either direction. ${REFILLED}`,
      kernel: {
        'v1 to v7': 'ASIDs are handed out from 1 on, in one set for all SMMUs, whatever the old entries use.',
        'v8 to v9': 'The ID scan reserves every ASID in use, in one set for all SMMUs.',
        v10: 'The ID scan reserves them, for each SMMU in a set of its own.',
      },
      causes: ['every machine with DMA through stage 1 at the crash: Linux numbers its domains from 1 on'],
      next: [IDS_IN_USE, REVISIONS, 'data that came from, or went to, the wrong device while the dump was saved'],
      references: [ARM.tags, ARM.cd, linux('arm_smmu_kexec_scan_and_resv_ids'), SERIES.v7, SERIES.v10],
    }),
  }),
  'vmid-reuse': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      vmids: ['The lowest of them, in words', json.said(idListInWords)],
      count: ['How many', json.count],
    },
    sentence: ({ vmids, count: number }) =>
      `${count(number, 'VMID is', 'VMIDs are')} live (${idListInWords(vmids)}); revisions through v7 hand out VMIDs from 1 again`,
    explain: () => ({
      title: 'VMIDs in use may be given to new domains',
      meaning:
        'Stage 2 or nested streams, which belong to guests as a rule, go on to translate under these VMIDs. A stage 2 ' +
        'domain of the kdump kernel may get one of them.',
      hardware: `Stage 2 translations are tagged by VMID alone, so that two tables under one VMID count as one. ${REFILLED}`,
      kernel: {
        'v1 to v7': 'VMIDs are handed out from 1 on, for each SMMU, whatever the old entries use.',
        'v8 on': 'The ID scan reserves every S2VMID in use, for each SMMU.',
      },
      causes: ['devices that were assigned to guests at the crash'],
      next: [IDS_IN_USE, REVISIONS, 'whether the kdump kernel makes stage 2 domains at all'],
      references: [ARM.tags, ARM.ste, linux('arm_smmu_kexec_scan_and_resv_ids'), SERIES.v7, SERIES.v10],
    }),
  }),
  'asid-tag-space': rule({
    severity: 'note',
    reach: null,
    args: {
      el1: ['Streams of EL1', json.count],
      el2: ['Streams of EL2', json.count],
    },
    sentence: ({ el1, el2 }) =>
      `${count(el2, 'stage 1 stream is', 'stage 1 streams are')} of EL2, whose translations are tagged without a VMID, ` +
      `${el1} of EL1, tagged with VMID 0: an invalidation for one kind leaves the other`,
    explain: () => ({
      title: 'Stage 1 streams of EL2 have tags of their own',
      meaning:
        'By STE.STRW these streams are of EL2. Cached translations of EL2 and of EL1 never match each other, so an ASID ' +
        'that both use is no clash, and what invalidates one kind leaves the other in place.',
      hardware:
        'EL1 entries are tagged by ASID, and by VMID where there is stage 2: VMID 0 for domains of a host. EL2 entries ' +
        'have no VMID, and an ASID only with E2H. CMD_TLBI_NH commands reach the first, CMD_TLBI_EL2 commands the second.',
      kernel:
        'The reset of an adopted SMMU empties both: TLBI_EL2_ALL where IDR0.HYP is 1, and TLBI_NSNH_ALL. The ID scan of v8 ' +
        'and later does not tell them apart.',
      causes: ['a host kernel that runs in EL2, on an SMMU with IDR0.HYP'],
      next: [
        '`smmu-adopt show DUMP --regs REGS --sid SID`: STRW of the STE',
        'HYP and S2P of IDR0, E2H of CR2: `smmu-adopt regs validate REGS`',
        '`smmu-adopt queues DUMP --regs REGS`: which of the two kinds the crashed kernel was invalidating',
      ],
      references: [ARM.tags, ARM.ste, linux('arm_smmu_device_reset')],
    }),
  }),
  'asid-clash': rule({
    severity: 'warning',
    reach: 'smmu',
    args: {
      other: ['The other SMMU', json.text],
      asids: ['The lowest of them, in words', json.said(idListInWords)],
      count: ['How many', json.count],
    },
    sentence: ({ other, asids, count: number }) =>
      `${count(number, 'ASID is', 'ASIDs are')} live here that new domains of ${other}, if it probes first, may be given ` +
      `(${idListInWords(asids)}): v8 and v9 keep one set for all SMMUs, and then do not adopt this one`,
    explain: () => ({
      title: 'ASIDs of several SMMUs meet in one set (v8 and v9)',
      meaning:
        'Revisions v8 and v9 reserve the ASIDs of all SMMUs in one set. If an SMMU that probed earlier has given one of its new ' +
        'domains an ASID that is live on a later one, the later one is not adopted. It depends on the order of the probes, ' +
        'and on how many domains there were by then.',
      hardware: 'It does not mind: each SMMU has a TLB of its own, and equal ASIDs of two SMMUs never meet.',
      kernel: {
        'v1 to v7': 'Nothing is reserved.',
        'v8 to v9':
          'An ASID that two crashed tables use is shared without a message. One that a domain of this kernel has is ' +
          '-EBUSY: warn "failed to reserve in-use ASIDs/VMIDs", and a full reset of the later SMMU.',
        v10: 'Each SMMU has its own set: no clash.',
      },
      causes: ['a machine with several SMMUs, each with stage 1 streams of the crashed kernel'],
      next: [
        'the order in which the SMMUs probe: the first lines of each in a kernel log',
        'the series that the kernel has: this is no matter of v6, v7 or v10',
        '`smmu-adopt explain ids.scan`: what else ends the scan',
      ],
      references: [ARM.tags, linux('arm_smmu_kexec_scan_and_resv_ids'), SERIES.v10],
    }),
  }),
};
