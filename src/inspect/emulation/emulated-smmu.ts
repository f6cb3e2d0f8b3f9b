/** What the kdump kernel meets of one SMMU: its registers, the table in memory, its devices; and a life with each revision. */

import { type ArmSmmuDevice, STRTAB_NUM_L2_STES } from '../../adopt/device.ts';
import type { KernelDevice } from '../../adopt/devices/master.ts';
import type { DevicePlan } from '../../adopt/devices/registration.ts';
import { type Emulation, emulateAdoption } from '../../adopt/emulate.ts';
import { KernelMemory } from '../../adopt/kernel-memory.ts';
import type { Revision } from '../../adopt/revisions/revision.ts';
import { Stages } from '../../adopt/revisions/stages.ts';
import type { ToldByLog } from '../../adopt/told-by-log.ts';
import { sidsFor } from '../../platform/asked-streams.ts';
import type { Evidence, Moment } from '../../platform/evidence.ts';
import { type PlatformSmmu, platformSmmuAt } from '../../platform/platform.ts';
import { L1STD_BYTE_LENGTH, STE_BYTE_LENGTH } from '../../smmu/structures/stream-table.ts';
import { RegisterFile } from '../../snapshot/register-file.ts';
import type { SmmuSnapshot } from '../../snapshot/snapshot.ts';
import { unansweredAs } from '../../snapshot/validate/plausibility.ts';
import { HardwareView } from '../../tables/hardware-view.ts';
import type { TableOwners } from '../../tables/listing.ts';
import { geometryOf, tableRegisters } from '../../tables/table-registers.ts';
import { ownSmmuOf } from '../crashed-kernel.ts';
import type { CapturedLog } from '../log/captured-log.ts';
import { devicesBehind, type Plan } from '../plan.ts';
import type { AsidSpaces } from './asid-spaces.ts';
import { doubtOf, vmcoreRamOf } from './register-moment.ts';
import { rmrSids } from './rmr.ts';

/** More active streams than any machine has; a hostile table can claim millions. */
export const MAX_INSERTIONS_OF_ALL = 1 << 16;

export interface EmulatedSmmu {
  readonly registers: RegisterFile;
  /** What firmware says of it. */
  readonly known: PlatformSmmu | null;
  /** StreamIDs of firmware's reserved memory regions. */
  readonly rmr: readonly number[];
  readonly firmwareCoherent: boolean | null;
  readonly geometry: ReturnType<typeof geometryOf>;
  readonly view: HardwareView;
  readonly memory: KernelMemory;
  readonly devices: DevicePlan;
  /** Of how many active streams the devices are the first; null where they are all. */
  readonly cutFrom: number | null;
  /** Its life in the kdump kernel, whatever a captured log tells of it. */
  readonly emulate: (one: Revision) => Emulation;
  /** The same with the revision of the plan, and with what a captured log settles. */
  readonly emulation: Emulation;
  /** The snapshot has no other. */
  readonly alone: boolean;
}

/** What the SMMUs of one report share. */
interface EmulatedWith {
  readonly owners: TableOwners;
  readonly asids: AsidSpaces;
  readonly capturedLog: CapturedLog | null;
}

/** One SMMU as the kdump kernel comes to it, after those whose ASIDs `asids` has. */
export function emulatedSmmu(
  smmu: SmmuSnapshot,
  evidence: Evidence,
  plan: Plan,
  { owners, asids, capturedLog }: EmulatedWith,
): EmulatedSmmu {
  const { snapshot, now, later, platform, kdumpRam } = evidence;
  const registers = new RegisterFile(smmu);
  const known = platformSmmuAt(platform, smmu.base);
  const firmwareCoherent = firmwareCoherency(smmu, evidence, known, registers);
  const geometry = geometryOf(tableRegisters(smmu, registers));
  const view = new HardwareView(geometry, now.view, now.stes, evidence.progress, owners);
  const options = { ...plan.memremap, registerBase: smmu.base };
  const memoryAt = ({ view, stes, map }: Moment) => new KernelMemory(view, stes, map, options);
  const memory = memoryAt(now);
  const laterMemory = later === null ? null : memoryAt(later);
  const { devices, cutFrom } = chooseDevices(plan, smmu, view);
  const tableByteLength = geometry.entries * (geometry.format === '2lvl' ? L1STD_BYTE_LENGTH : STE_BYTE_LENGTH);
  const doubt = doubtOf({
    captured: snapshot.captured,
    unanswered: unansweredAs(smmu.registers),
    registers,
    table: { start: geometry.base, end: geometry.base + tableByteLength },
    kdumpRam,
    vmcoreRam: vmcoreRamOf(now.dump),
  });
  const asked = plan.streams.rmr;
  const rmr = asked === undefined ? rmrSids(known) : sidsFor(asked, smmu);
  const stages = new Stages<ArmSmmuDevice>();
  const { gate, failures, unbindPage } = plan;
  const emulate = (one: Revision, told: ToldByLog | null = null) =>
    emulateAdoption({
      revision: one,
      gate,
      failures,
      unbindPage,
      registers,
      firmwareCoherent,
      memory,
      laterMemory,
      devices,
      rmr,
      doubt,
      told,
      stages: told === null ? stages : new Stages<ArmSmmuDevice>(),
      asids: asids.of(one),
    });
  const alone = snapshot.smmus.length === 1;
  const about = { name: smmu.name, alone };
  const emulation = settled(emulate(plan.revision), (told) => emulate(plan.revision, told), capturedLog, about);
  return {
    registers,
    known,
    rmr,
    firmwareCoherent,
    geometry,
    view,
    memory,
    devices,
    cutFrom,
    alone,
    emulate,
    emulation,
  };
}

/** As the snapshot says it, else a table of firmware's, else the crashed kernel, whose driver went by such a table. */
function firmwareCoherency(
  smmu: SmmuSnapshot,
  evidence: Evidence,
  known: PlatformSmmu | null,
  registers: RegisterFile,
): boolean | null {
  if (smmu.firmwareCoherent !== null) return smmu.firmwareCoherent;
  const what = { kind: 'firmware-coherent' } as const;
  if (known !== null) {
    registers.assume(what, known.smmu.coherent, { kind: 'coherent-as-firmware', source: known.table.source });
    return known.smmu.coherent;
  }
  const own = ownSmmuOf(smmu, evidence)?.smmu?.firmwareCoherent ?? null;
  if (own !== null) registers.assume(what, own, { kind: 'coherent-as-crashed-kernel' });
  return own;
}

/** What the dump leaves open, a captured log may tell. */
function settled(
  emulation: Emulation,
  again: (told: ToldByLog) => Emulation,
  log: CapturedLog | null,
  smmu: { readonly name: string; readonly alone: boolean },
): Emulation {
  return log === null || emulation.fate.kind !== 'unknown' ? emulation : again(log.toldOf(smmu));
}

/** The devices of the kdump kernel, and, where the active ones were cut short, of how many. */
function chooseDevices(
  plan: Plan,
  smmu: SmmuSnapshot,
  view: HardwareView,
): { devices: DevicePlan; cutFrom: number | null } {
  const devices = devicesBehind(smmu, plan);
  if (plan.streams.insert !== 'all') return { devices, cutFrom: null };
  const named = new Set(devices.present.flatMap(({ sids }) => sids));
  const active: KernelDevice[] = [];
  let total = 0;
  let presumedBus = -1;
  view.forEachStream((sid, seen) => {
    if (named.has(sid)) return;
    if (seen) total += 1;
    if (seen && total <= MAX_INSERTIONS_OF_ALL) active.push({ name: null, sids: [sid] });
    const bus = Math.floor(sid / STRTAB_NUM_L2_STES);
    // One speaks for all of its L1 descriptor that nobody sees, or that are too many.
    if ((!seen || total > MAX_INSERTIONS_OF_ALL) && bus !== presumedBus) {
      active.push({ name: null, sids: [sid], presumed: true });
      presumedBus = bus;
    }
  });
  const present = [...devices.present, ...active];
  return { devices: { ...devices, present }, cutFrom: total > MAX_INSERTIONS_OF_ALL ? total : null };
}
