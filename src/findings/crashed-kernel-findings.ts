/** What the kernel in the dump tells of its SMMUs: is it all, and are registers that were given those that it had? */

import type { AddressRange } from '../dump/memory.ts';
import type { CrashedKernel, KernelState } from '../linux/kernel-state.ts';
import { fieldBits, fieldOf } from '../smmu/fields.ts';
import { isIdRegister, REGISTERS, registerNamed } from '../smmu/registers/registers.ts';
import { steConfig } from '../smmu/structures/stream-table.ts';
import type { Master, SmmuSnapshot } from '../snapshot/snapshot.ts';
import type { HardwareView } from '../tables/hardware-view.ts';
import type { FindingList } from './findings.ts';
import { StreamList } from './risks/context.ts';
import type { RegisterOrigin } from './rules/crashed-kernel.ts';

/**
 * Adds to `findings` what a kernel whose registers are taken leaves open: whether it is the one that crashed and, unless only
 * some were `named`, its other SMMUs.
 */
export function ownStateFindings(state: KernelState, findings: FindingList, named: boolean): void {
  if (state.outcome === 'not-found') return;
  const { rejected, isWhole, otherKernels, kernel } = state;
  if (otherKernels > 0) findings.add('other-kernels', { otherKernels, release: kernel.release });
  if (named) return;
  for (const { name, problem } of rejected) findings.add('smmu-left-out', { name, problem });
  if (!isWhole) findings.add('smmu-list-broken', { release: kernel.release });
}

/** Adds to `findings` that the map of a kernel whose state was found is not used, and why. */
export function ownMapFinding({ state, mapLack }: CrashedKernel, findings: FindingList): void {
  if (state.outcome === 'not-found' || mapLack === null) return;
  findings.add('kernel-map-unused', { release: state.kernel.release, lack: mapLack });
}

/**
 * Adds to `findings` the streams of devices that the driver had and the table, which it had as well, does not: it makes
 * their STEs before it takes a device in. What is not in the dump contradicts nothing.
 */
export function ownTableFinding(masters: readonly Master[], view: HardwareView, findings: FindingList): void {
  const missing = new StreamList();
  for (const { sid } of masters) {
    const found = view.lookup(sid);
    if ('why' in found) {
      if (found.why.kind !== 'entry-not-in-dump') missing.add(sid);
      continue;
    }
    for (const { words, at } of view.stesOf([sid])) if (!steConfig(words[at] as number).valid) missing.add(sid);
  }
  if (missing.streams > 0) findings.add('devices-not-in-table', missing.args);
}

/** An SMMU as the kernel in the dump had it. */
export interface OwnSmmu {
  readonly release: string;
  /** Null: it has none like that. */
  readonly smmu: SmmuSnapshot | null;
}

/**
 * Adds to `findings` that registers which were `given` are not those that the crashed kernel had, and whose they may be:
 * of a table in `kdumpRam`, the kdump kernel's.
 */
export function ownRegisterFindings(
  { release, smmu: own }: OwnSmmu,
  given: SmmuSnapshot,
  kdumpRam: readonly AddressRange[],
  findings: FindingList,
): void {
  if (own === null) {
    findings.add('registers-not-of-dump', { registers: [], release, origin: 'no-such-smmu' });
    return;
  }
  const registers = REGISTERS.map(({ name }) => name).filter((register) => differs(register, given, own));
  if (registers.length === 0) return;
  const origin = originOf(registers, given, kdumpRam);
  if (origin === null) findings.add('registers-of-other-moment', { registers, release });
  else findings.add('registers-not-of-dump', { registers, release, origin });
}

/** Adds to `findings` that the crashed kernel's driver had it otherwise than what is taken for firmware's word. */
export function ownCoherencyFinding({ release, smmu }: OwnSmmu, given: boolean | null, findings: FindingList): void {
  const kernel = smmu?.firmwareCoherent ?? null;
  if (kernel === null || given === null || kernel === given) return;
  findings.add('coherency-not-of-dump', { kernel, given, release });
}

/** In bits that both know. */
function differs(register: string, given: SmmuSnapshot, own: SmmuSnapshot): boolean {
  const [left, right] = [knownBits(register, given), knownBits(register, own)];
  return left !== null && right !== null && ((left.value ^ right.value) & left.known & right.known) !== 0n;
}

const ALL = (1n << 64n) - 1n;

function knownBits(register: string, { registers, partial }: SmmuSnapshot) {
  const value = registers.get(register);
  return value === undefined ? (partial?.get(register) ?? null) : { value, known: ALL };
}

/** What the driver writes once, at its probe. */
const PLACE = /_BASE(_CFG)?$/;

/** Null: the same kernel at another moment. */
function originOf(
  differing: readonly string[],
  given: SmmuSnapshot,
  kdumpRam: readonly AddressRange[],
): RegisterOrigin | null {
  // More than one, and among them what no hardware reads as nothing.
  if (differing.length > 1 && differing.some(isIdRegister) && isUnpowered(differing, given)) {
    return 'unpowered';
  }
  if (differing.some(isIdRegister)) return 'another-machine';
  const places = differing.filter((register) => PLACE.test(register));
  const isKdumps = places.some((register) => {
    const address = fieldIn(register, 'ADDR', given);
    return address !== null && kdumpRam.some(({ start, end }) => start <= address && address < end);
  });
  // The kdump kernel alone has its event queue off.
  const isWithoutEvents =
    differing.includes('CR0') && fieldIn('CR0', 'CMDQEN', given) === 1 && fieldIn('CR0', 'EVENTQEN', given) === 0;
  if (isKdumps || isWithoutEvents) return 'kdump-kernel';
  return places.length > 0 ? 'another-boot' : null;
}

/** An SMMU without clock or power answers nothing, or all ones. */
function isUnpowered(registers: readonly string[], given: SmmuSnapshot): boolean {
  return registers.every((register) => {
    const value = given.registers.get(register);
    return value === 0n || value === 0xffff_ffffn || value === ALL;
  });
}

function fieldIn(register: string, name: string, { registers }: SmmuSnapshot): number | null {
  const [value, layout] = [registers.get(register), registerNamed(register)];
  const field = layout?.fields.some((one) => one.name === name) === true ? fieldOf(layout, name) : null;
  return value === undefined || field === null ? null : Number(fieldBits(field, [value]));
}
