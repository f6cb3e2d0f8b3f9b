/**
 * arm_smmu_kexec_scan_and_resv_ids(), from v8 on: every STE of the adopted table, and behind each stage 1 STE the
 * whole CD table, so that the kdump kernel gives no ASID or VMID away that a live entry uses. The first entry that
 * breaks a rule ends the driver's scan and tosses the adoption, and the log never names it. Here the scan goes on: all
 * of them are found, and the one at which the kernel stops is marked.
 */

import { L1STD_BYTE_LENGTH, l1Pointer, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { type ArmSmmuDevice, STRTAB_L2_BYTE_LENGTH, STRTAB_NUM_L2_STES, type StrtabCfg } from '../device.ts';
import { EINVAL } from '../errno.ts';
import type { ScanPlace } from '../evidence.ts';
import type { Remap } from '../kernel-memory.ts';
import { KernelPanic, survive } from '../panic.ts';
import { armSmmuKexecResvS1Asids, unmappable } from './cd-scan.ts';
import { type IdScan, ScanRecord } from './scan-record.ts';

/**
 * arm_smmu_kexec_scan_and_resv_ids(): which ASIDs and VMIDs the adopted table uses, and where the scan ends (from v8
 * on).
 */
export function armSmmuKexecScanAndResvIds(smmu: ArmSmmuDevice, cfg: StrtabCfg): IdScan {
  const scan = smmu.stages.live(smmu, `ID scan ${smmu.asids.signature}`, () => scanTable(smmu, cfg));
  report(smmu, scan);
  return scan;
}

function scanTable(smmu: ArmSmmuDevice, cfg: StrtabCfg): IdScan {
  const record = new ScanRecord(smmu);
  const scanned = survive(() =>
    cfg.format === 'linear' ? scanStes(smmu, record, cfg.table.remap, cfg.numEnts, 0) : scanL2Tables(smmu, record, cfg),
  );
  // What is not known before may have ended the scan, unless a log tells that nothing has.
  if ('death' in scanned && (!record.inDoubt || smmu.told?.diedIn === scanned.death.where))
    throw new KernelPanic(scanned.death);
  return record.result();
}

function scanL2Tables(smmu: ArmSmmuDevice, record: ScanRecord, cfg: StrtabCfg & { format: '2lvl' }): void {
  const all = { first: 0, count: cfg.numL1Ents };
  for (const { first, count, known, words } of smmu.memory.slices(
    cfg.l1tab.remap,
    L1STD_BYTE_LENGTH,
    all,
    record.reader('stes'),
  )) {
    // The descriptors were all read before, or the scan would not have begun.
    for (let i = 0; known && i < count; i++) {
      const low = words[2 * i] as number;
      if ((low & 0x1f) === 0) continue;
      const firstSid = (first + i) * STRTAB_NUM_L2_STES;
      const l2 = record.map('l2-table', l1Pointer(low, words[2 * i + 1] as number), STRTAB_L2_BYTE_LENGTH);
      if (l2.through === null) {
        const place = { sid: firstSid, stePaddr: null, cd: null };
        record.fail({ ...place, ...unmappable('l2-unmappable', l2.paddr, l2.why) });
        continue;
      }
      scanStes(smmu, record, l2, STRTAB_NUM_L2_STES, firstSid);
      if (record.gaveUp !== null) return;
    }
  }
}

function scanStes(smmu: ArmSmmuDevice, record: ScanRecord, table: Remap, count: number, firstSid: number): void {
  for (const slice of smmu.memory.steSlices(table, count, record.reader('stes'))) {
    if (!slice.known) record.unknown(slice.count);
    if (slice.counts === null || slice.counts.active === 0) continue;
    const { words } = slice;
    for (let i = 0, at = 0; i < slice.count; i++, at += STE_BYTE_LENGTH / 4) {
      const low = words[at] as number;
      // Not valid, or abort, or bypass: there may be millions of these, and none has an ID.
      if ((low & 1) === 0 || (low & 6) === 0) continue;
      if (!record.admitsSte()) return;
      const entry = slice.first + i;
      const place = { sid: firstSid + entry, stePaddr: table.paddr + entry * STE_BYTE_LENGTH, cd: null };
      armSmmuKexecResvSteIds(smmu, record, place, words, at);
      if (record.gaveUp !== null) return;
    }
  }
}

/** arm_smmu_kexec_resv_ste_ids() for a valid STE, neither abort nor bypass, whose words begin at `words[at]`. */
function armSmmuKexecResvSteIds(
  smmu: ArmSmmuDevice,
  record: ScanRecord,
  place: ScanPlace & { readonly stePaddr: number },
  words: Uint32Array,
  at: number,
): void {
  const low = words[at] as number;
  const config = (low >>> 1) & 7;
  switch (config) {
    case 5:
      armSmmuKexecResvS1Asids(smmu, record, place, low, words[at + 1] as number);
      return;
    case 6:
    case 7: {
      // The CD pointer of a nested stream is a guest's address, which this kernel cannot follow.
      const vmid = (words[at + 4] as number) & 0xffff;
      const limit = 2 ** smmu.ids.vmidBits;
      if (vmid !== 0 && vmid < limit) {
        record.vmid(vmid);
        return;
      }
      if (record.overflows()) return;
      const rule = vmid === 0 ? 'vmid-zero' : 'vmid-too-large';
      const observed = { kind: 'field', field: 'VMID', value: vmid } as const;
      record.fail({ ...place, rule, ret: EINVAL, observed, required: { kind: 'range', first: 1, last: limit - 1 } });
      return;
    }
    default: {
      if (record.overflows()) return;
      const observed = { kind: 'field', field: 'Config', value: config } as const;
      record.fail({ ...place, rule: 'ste-config-reserved', ret: EINVAL, observed, required: { kind: 'known-config' } });
    }
  }
}

/** The check that stands for the whole scan, with the entry at which the kernel stops. */
function report({ checks }: ArmSmmuDevice, scan: IdScan): void {
  const id = 'ids.scan';
  const { outcome, asids, vmids, cdTables, failures, unknownEntries, contestedAsids, gaveUp } = scan;
  const stop = failures.find(({ stopsHere }) => stopsHere);
  if (outcome === 'reserved') {
    checks.ask(id, true, { kind: 'ids', asids: asids.length, vmids: vmids.length, cdTables });
  } else if (outcome === 'failed' && stop !== undefined) {
    checks.ask(id, false, { kind: 'scan-failure', failure: stop }, stop.required);
  } else checks.cannotTell(id, { kind: 'scan-unfinished', unknownEntries, contestedAsids, gaveUp });
}
