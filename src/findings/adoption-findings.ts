/** What is to be said of the adoption: the verdict with the check that decided, and what the driver maps and reads. */

import { isOfHardware } from '../adopt/checks.ts';
import { maskedAddress } from '../adopt/device.ts';
import type { Emulation, Verdict } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import type { KernelMemory } from '../adopt/kernel-memory.ts';
import type { Mapping } from '../adopt/ledger.ts';
import type { AddressRange } from '../dump/memory.ts';
import type { StreamTableGeometry } from '../smmu/structures/stream-table.ts';
import type { RegisterFile } from '../snapshot/register-file.ts';
import type { FindingList } from './findings.ts';
import { scannedEntry } from './prose/structures.ts';
import type { OwnTable } from './rules/outcome/failed-adoptions.ts';
import { busOf } from './table-findings.ts';

/** What the verdict is judged against, beside the emulation's own record. */
interface AdoptionContext {
  readonly firmwareCoherent: boolean | null;
  readonly memory: KernelMemory;
  /** The kdump kernel's own memory, as far as it is known. */
  readonly kdumpRam: readonly AddressRange[];
}

/** Adds to `findings` why the adoption ended as it did, and what there is to say about an ending that is not known. */
export function adoptionFindings(
  emulation: Emulation,
  registers: RegisterFile,
  geometry: StreamTableGeometry,
  context: AdoptionContext,
  findings: FindingList,
): void {
  verdictFindings(emulation, context.firmwareCoherent, findings);
  scanFindings(emulation, findings);
  for (const mapping of emulation.mappings) mappingFinding(mapping, context, findings);
  const { page, leaked } = emulation.teardown;
  if (leaked > 0) {
    const [mappings, allocations] = [emulation.mappings, emulation.allocations];
    const things = {
      mappings: mappings.filter(({ inPlace }) => inPlace).map(({ purpose }) => purpose),
      allocations: allocations.filter(({ inPlace }) => inPlace).map(({ what }) => what),
    };
    findings.add('cleanup-leak', { revision: emulation.revision.name, page, leaked: things });
  }
  const addr = registers.bits('STRTAB_BASE', 'ADDR');
  if (addr >> 52n !== 0n) findings.add('address-bits-above-51', { what: { kind: 'strtab-base' }, value: addr });
  const linux = maskedAddress(addr);
  // Bits above those are another finding.
  if (linux !== geometry.base % 2 ** 52) {
    const table = geometry.format === '2lvl' ? 'l1-table' : 'stream-table';
    findings.add('strtab-base-unaligned', { table, linux, hardware: geometry.base });
  }
}

/** The findings that say why an adoption fails, of a kernel that builds a table of its own then. */
const FAILURES: Readonly<Partial<Record<Verdict, 'adoption-fallback' | 'table-never-programmed'>>> = {
  fallback: 'adoption-fallback',
  'never-programmed': 'table-never-programmed',
};

function verdictFindings(emulation: Emulation, firmwareCoherent: boolean | null, findings: FindingList): void {
  const { verdict, decidedBy, log, ret, fate } = emulation;
  const revision = emulation.revision.name;
  const gateMessage = log.findLast(({ stage }) => stage === 'gate')?.text ?? null;
  if (verdict === 'not-attempted') {
    if (decidedBy?.id === 'gate.smmuen') findings.add('smmu-disabled', {});
    if (decidedBy?.id === 'gate.coherent') {
      const source = firmwareCoherent === null ? 'register' : 'firmware';
      findings.add('smmu-non-coherent', { source }, {}, gateMessage);
    }
    if (decidedBy?.id === 'gate.service-failure') findings.add('smmu-service-failure', {}, {}, gateMessage);
  }
  const failure = FAILURES[verdict];
  if ((failure !== undefined || verdict === 'probe-fails') && decidedBy !== null) {
    const { id: check, observed, required } = decidedBy;
    const message = log.find(({ stage, level }) => stage === 'adopt' && (level === 'err' || level === 'warn'));
    const args = { revision, check, observed, required, errno: errnoName(ret) ?? '' };
    if (isOfHardware(decidedBy)) {
      const { revision: _, ...found } = args;
      findings.add('hardware-refused', found, {}, gateMessage);
    } else if (failure === undefined) findings.add('probe-fails', args, {}, message?.text ?? null);
    else findings.add(failure, { ...args, ownTable: ownTableOf(emulation) }, {}, message?.text ?? null);
  }
  const { doubt } = emulation;
  if (doubt === 'all-zero' || doubt === 'all-ones') findings.add('registers-unanswered', { revision, sign: doubt });
  else if (doubt !== null) findings.add('registers-after-probe', { revision, sign: doubt });
  else if (verdict === 'indeterminate') {
    const { id: check = 'unknown', observed = null } = decidedBy ?? {};
    findings.add('adoption-indeterminate', { revision, check, observed });
  }
  tableFinding(emulation, findings);
  if (fate.kind === 'kernel-dies') {
    const { where, inferred, paddr: address, why } = fate.death;
    findings.add('kernel-panic', { function: where, inferred, address, why }, { address });
  }
}

/** The kernel comes to its reset with the table, or it does not. */
function ownTableOf({ reset, fate }: Emulation): OwnTable {
  if (reset !== null) return 'programmed';
  if (fate.kind === 'probe-fails') return 'refused';
  return fate.kind === 'kernel-dies' ? 'kernel-dies' : 'unknown';
}

/** What is not adopted is built anew, where there is memory for it. */
function tableFinding({ revision, ordinaryTable, ids, log }: Emulation, findings: FindingList): void {
  if (ordinaryTable === null || ordinaryTable.granted === 'granted') return;
  const { granted, format, byteLength } = ordinaryTable;
  const args = { revision: revision.name, format, sidBits: ids.sidBits };
  if (granted === 'cannot-be-told') findings.add('table-allocation-open', { ...args, byteLength });
  if (granted !== 'refused' || byteLength === null) return;
  // The refusal is the first error of the reset, and ends it.
  const message = log.find(({ stage, level }) => stage === 'reset' && level === 'err')?.text ?? null;
  findings.add('table-not-allocated', { ...args, byteLength }, {}, message);
}

function scanFindings({ idScan }: Emulation, findings: FindingList): void {
  for (const { rule, sid, stePaddr, cd, observed, required, stopsHere } of idScan?.failures ?? []) {
    const entry = scannedEntry(cd, stePaddr);
    const at = cd?.paddr ?? stePaddr;
    findings.add(
      'id-scan-failure',
      { rule, sid, entry, observed, required, stopsHere },
      { firstSid: sid, lastSid: sid, ...busOf(sid, sid), ...(at === null ? {} : { address: at }) },
      // The log's line for any of them.
      stopsHere ? 'kdump: failed to reserve in-use ASIDs/VMIDs' : null,
    );
  }
}

/** A failed mapping of the tables themselves, and whatever maps to something else than the crashed kernel's memory. */
function mappingFinding(mapping: Mapping, { memory, kdumpRam }: AdoptionContext, findings: FindingList): void {
  const { paddr, byteLength, purpose, remap } = mapping;
  const table = purpose === 'linear-table' ? 'stream-table' : purpose;
  const address = paddr;
  if (remap.through !== null) {
    const where = remap.why === null ? null : memory.oddityOf(paddr, byteLength);
    if (where !== null) findings.add('mapping-misplaced', { table, address, where }, { address });
    return;
  }
  // What the ID scan cannot map is among its own findings.
  if (mapping.transient) return;
  const inKdumpMemory = kdumpRam.some(({ start, end }) => start <= paddr && paddr < end);
  const state = memory.view.stateOf(paddr, byteLength);
  findings.add(
    'strtab-outside-memory',
    { table, address, byteLength, why: remap.why, state, inKdumpMemory },
    { address },
  );
}
