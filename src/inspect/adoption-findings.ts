/** What is to be said of the adoption and of the insertions: the verdict with the check that decided, and refusals. */

import { isUnknown } from '../adopt/checks.ts';
import { maskedAddress, STRTAB_SPLIT } from '../adopt/device.ts';
import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import type { Insertion } from '../adopt/master.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { MemoryView } from '../dump/view.ts';
import type { StreamTableGeometry } from '../smmu/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { FindingList, Location } from './findings.ts';
import type { HardwareView } from './hardware-view.ts';
import { hex } from './inspection.ts';
import { busOf, l1Location } from './table-findings.ts';

/** What the verdict is judged against, beside the emulation's own record. */
interface AdoptionContext {
  readonly firmwareCoherent: boolean | null;
  readonly memory: MemoryView;
  /** The kdump kernel's own memory, as far as the snapshot gives it. */
  readonly systemRam: readonly AddressRange[];
}

export function adoptionFindings(
  emulation: Emulation,
  registers: RegisterFile,
  geometry: StreamTableGeometry,
  { firmwareCoherent, memory, systemRam }: AdoptionContext,
  findings: FindingList,
): void {
  const { verdict, checks, log, ret } = emulation;
  const revision = emulation.revision.name;
  const failed = checks.find(({ result }) => result === 'fail');
  const adoptLines = log.filter(({ stage, level }) => stage === 'adopt' && (level === 'err' || level === 'warn'));
  const kernelMessage = adoptLines[0]?.text ?? null;

  if (verdict === 'not-attempted') {
    if (failed?.id === 'gate.smmuen') findings.add('smmu-disabled', {});
    if (failed?.id === 'gate.coherent') {
      const source = firmwareCoherent === null ? 'IDR0.COHACC' : 'firmware';
      findings.add('smmu-non-coherent', { source }, {}, lastGateMessage(emulation));
    }
    if (failed?.id === 'gate.service-failure') findings.add('smmu-service-failure', {}, {}, lastGateMessage(emulation));
  }
  if (verdict === 'fallback' && failed !== undefined) {
    const { id: check, required } = failed;
    const observed = failed.observed ?? 'unknown';
    findings.add(
      'adoption-fallback',
      { revision, check, observed, required, errno: errnoName(ret) ?? '' },
      {},
      kernelMessage,
    );
  }
  if (verdict === 'indeterminate') {
    const stuck = checks.find(isUnknown);
    const observed = stuck?.observed ?? 'unknown';
    findings.add('adoption-indeterminate', { revision, check: stuck?.id ?? 'unknown', observed });
  }

  const table = geometry.format === '2lvl' ? 'L1 table' : 'stream table';
  for (const { ok, paddr, byteLength } of emulation.mappings) {
    if (ok) continue;
    const inKdumpMemory = systemRam.some(({ start, end }) => start <= paddr && paddr < end);
    const state = memory.stateOf(paddr, byteLength);
    findings.add('strtab-outside-memory', { table, address: hex(paddr), byteLength, state, inKdumpMemory });
  }
  const addr = registers.bits('STRTAB_BASE', 'ADDR');
  if (addr >> 52n !== 0n) findings.add('address-bits-above-51', { what: 'STRTAB_BASE.ADDR', value: hex(addr) });
  const linux = maskedAddress(addr);
  if (linux !== geometry.base) {
    findings.add('strtab-base-unaligned', { table, linux: hex(linux), hardware: hex(geometry.base) });
  }
}

function lastGateMessage({ log }: Emulation): string | null {
  return log.findLast(({ stage }) => stage === 'gate')?.text ?? null;
}

export function insertFindings(emulation: Emulation, view: HardwareView, asked: number, findings: FindingList): void {
  const { insertions, verdict } = emulation;
  if (asked > 0 && verdict !== 'adopted') findings.add('insert-not-possible', { sids: asked, verdict });
  for (const insertion of insertions) insertFinding(insertion, view, findings);
}

function insertFinding({ sid, refusal, log }: Insertion, view: HardwareView, findings: FindingList): void {
  if (refusal === null) return;
  const kernelMessage = log.at(-1)?.text ?? null;
  const here: Location = { firstSid: sid, lastSid: sid, ...busOf(sid, sid) };
  switch (refusal.kind) {
    case 'out-of-range':
      findings.add('insert-out-of-range', { sid, entries: refusal.entries }, here, kernelMessage);
      break;
    case 'span-changed': {
      const args = { sid, span: refusal.span, expected: STRTAB_SPLIT + 1 };
      findings.add('insert-span-changed', args, l1Location(view, refusal.l1Index, refusal.paddr), kernelMessage);
      break;
    }
    case 'l2-not-mappable':
      findings.add('insert-l2-not-mappable', { sid, l2: hex(refusal.l2) }, here, kernelMessage);
      break;
    case 'descriptor-not-in-dump':
      findings.add('insert-indeterminate', { sid }, l1Location(view, refusal.l1Index, refusal.paddr), kernelMessage);
      break;
  }
}
