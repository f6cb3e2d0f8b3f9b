/**
 * arm_smmu_rmr_install_bypass_ste(): what becomes of the STEs of firmware's reserved memory regions. From v6 on an
 * adopted SMMU skips it: rewriting a live STE would pass through V=0. Otherwise bypass STEs go into the new table, and
 * through v5 into the crashed kernel's.
 */

import type { Emulation } from '../../adopt/emulate.ts';
import type { PlatformSmmu } from '../../platform/platform.ts';
import { steConfig } from '../../smmu/structures/stream-table.ts';
import type { HardwareView } from '../../tables/hardware-view.ts';
import type { RmrReport } from '../inspection.ts';

/** The StreamIDs that the driver finds in firmware's tables, ascending: those of RMR nodes. */
export function rmrSids(known: PlatformSmmu | null): number[] {
  const sids = (known?.smmu.reserved ?? []).flatMap((region) => (region.bypassed ? region.sids : []));
  return [...new Set(sids)].sort((a, b) => a - b);
}

/** What becomes of the STEs of these StreamIDs; null where the adoption cannot be told. */
export function rmrReports(sids: readonly number[], emulation: Emulation, view: HardwareView): RmrReport[] {
  const { verdict, revision, fate } = emulation;
  const { bypassed, failed } = emulation.rmr;
  const known = verdict !== 'indeterminate' && verdict !== 'panic';
  // Without a driver, and behind a table that is never programmed, nobody touches it.
  const untouched = fate.kind === 'probe-fails' || verdict === 'never-programmed';
  const left = untouched || (verdict === 'adopted' && revision.skipsRmr);
  const keeps = (sid: number): boolean | null => {
    if (!known || left) return known ? true : null;
    // What the dump lacks decides, or the kernel dies on the way.
    if (!bypassed.has(sid) && !failed.has(sid)) return null;
    return failed.has(sid) && verdict === 'adopted';
  };
  return sids.map((sid) => {
    const [ste] = view.stesOf([sid]);
    const found = ste === undefined ? null : steConfig(ste.words[ste.at] as number);
    return {
      sid,
      kept: keeps(sid),
      failed: failed.has(sid),
      config: found?.config ?? null,
      valid: found?.valid ?? null,
    };
  });
}
