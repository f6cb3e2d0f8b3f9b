/** The patch series as a whole: what each revision brought, and which kernels carry one. */

import type { Explanation } from './explanation.ts';
import type { TOPIC_NAMES } from './names.ts';
import { linux, POSTED_SERIES } from './references.ts';

export const TOPICS: Readonly<Record<(typeof TOPIC_NAMES)[number], Explanation>> = {
  revisions: {
    title: 'The revisions of the series, and which kernels carry one',
    meaning:
      'The series was posted from April to August 2026, first as "Fix device crash on kdump kernel", from v10 on as "Adopt ' +
      'the crashed kernel\'s stream table for kdump". It is not in mainline as of v7.3-rc4. A kernel that carries none of it ' +
      'resets every SMMU that it finds on.',
    hardware:
      'The same for all of them: STRTAB_BASE cannot be changed while SMMUEN is 1, so that a table is kept or cut off.',
    kernel: {
      v1: '2026-04-09. All L2 tables are mapped at once, nothing is bounded, a failure ends the probe of the SMMU.',
      v2: '2026-04-15. FMT has to match the hardware. A failed mapping is still taken for an address: an oops.',
      v3: '2026-04-25. Bounds, Service Failure Mode, a test for overlaps, a full reset as the way back; not for two levels on hardware without, after which the new table is never programmed.',
      v4: '2026-04-29. L2 tables are mapped for the devices that need them. Its adoption is known from quotes alone.',
      v5: '2026-05-10. The overlap test is against whatever is claimed, and made again for each device.',
      v6: '2026-05-20. No overlap test; STEs of reserved memory regions are left alone. What vendors ship.',
      v7: '2026-06-29. ATSCHK is kept as it was; the first message is a debug one.',
      v8: 'July 2026, by its order alone. Alignment, and the scan for IDs in use, with one set of ASIDs for all SMMUs. Its reset could not be read.',
      v9: 'July 2026. Helpers in a file of their own, whose messages have no prefix; stricter with CD tables. Its reset could not be read.',
      'v10 on':
        '2026-08-30. ASIDs for each SMMU, CD tables aligned, all of CR0 kept but the queues. What came after it, "next", is one file again, whose messages begin with "kexec:".',
    },
    causes: [
      "NVIDIA's kernels of June 2026 (26.04, merged 2026-06-16, and requests for 6.18): v6, with a change of their own that " +
        'blocks MPAM updates while a table is adopted',
      "the author's branches smmuv3_kdump-v1 to -v7, and later ones",
      'none that is known carries v1 to v5',
    ],
    next: [
      'the sources of the kernel: arm-smmu-v3-kdump.c means v8 or later, with -kexec.c beside it v9 or v10, -kexec.c alone what came after',
      'a captured log: "adopting crashed kernel\'s stream table" at info level is of v1 to v6',
      '`smmu-adopt inspect DUMP --regs REGS --revision all`: what each of them does with this table',
      '`smmu-adopt explain revisions-differ`',
    ],
    references: [linux('arm_smmu_kdump_adopt_strtab'), ...Object.values(POSTED_SERIES)],
  },
};
