/** What a dump says of itself: `smmu-adopt info` as plain data. */

import type { Dump } from '../dump/dump.ts';
import { type DumpReport, dumpReport } from '../dump/dump-report.ts';
import type { DumpProblem } from '../dump/problem.ts';
import { noProgress, type Progress } from '../progress.ts';
import { SCHEMA_VERSION } from '../version.ts';

export interface DumpInfo {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** Addresses and names are stand-ins. */
  readonly redacted?: true;
  readonly dump: DumpReport & {
    readonly kernelRelease: string | null;
    /** GNU build id of the crashed kernel. */
    readonly buildId: string | null;
    readonly machine: string | null;
    readonly dumpLevel: number | null;
    /** Stored pages by how they are stored. */
    readonly codecs: Readonly<Record<string, number>>;
    /** Pages of RAM by state. */
    readonly pages: Readonly<Record<'present' | 'zero' | 'excluded' | 'lost', number>>;
    readonly vmcoreinfo: Readonly<Record<string, string>>;
    /** Damage: where in which file, and what. */
    readonly problems: readonly DumpProblem[];
  };
}

/** Counts every page, which may mean reading every page descriptor of a compressed dump. */
export function dumpInfo(dump: Dump, progress: Progress = noProgress): DumpInfo {
  const { pages, codecs } = dump.census(progress);
  const report = dumpReport(dump);
  const { vmcoreinfo, kernelRelease, machine, dumpLevel } = dump.details;
  return {
    schemaVersion: SCHEMA_VERSION,
    dump: {
      ...report,
      kernelRelease,
      buildId: vmcoreinfo.get('BUILD-ID') ?? null,
      machine,
      dumpLevel,
      codecs,
      pages,
      vmcoreinfo: Object.fromEntries(vmcoreinfo),
      problems: dump.problems,
    },
  };
}
