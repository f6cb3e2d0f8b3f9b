/**
 * What a translation lets a device do, as six bits: read, write and execute, each for privileged and for unprivileged
 * accesses. Stages are joined by keeping what both grant. Sources: Arm DDI 0487, "Data access permissions" and
 * "Instruction execution permissions"; IHI 0070, descriptions of CD.WXN, PAN, EPAN, HADx, HD and of STE.S2HD.
 */

import { AF, AP_READ_ONLY, AP_UNPRIVILEGED, DBM, PXN, S2AP_READ, S2AP_WRITE, UXN } from './descriptors.ts';

export const PRIV_READ = 1;
const PRIV_WRITE = 2;
export const PRIV_EXEC = 4;
export const UNPRIV_READ = 8;
export const UNPRIV_WRITE = 16;
const UNPRIV_EXEC = 32;
export const ALL_RIGHTS = 63;
export const PRIVILEGED_RIGHTS = PRIV_READ | PRIV_WRITE | PRIV_EXEC;
export const ANY_WRITE = PRIV_WRITE | UNPRIV_WRITE;

export type AccessKind = 'read' | 'write' | 'exec';

/** The bit that an access needs. */
export function rightFor(kind: AccessKind, privileged: boolean): number {
  const privilegedRight = kind === 'read' ? PRIV_READ : kind === 'write' ? PRIV_WRITE : PRIV_EXEC;
  return privileged ? privilegedRight : privilegedRight << 3;
}

/** What decides on rights besides the descriptor, for stage 1. */
export interface Stage1Rights {
  /** EL1 and EL2-E2H have two privileges; EL2 and EL3 have one, and AP[1] means nothing there. */
  readonly twoPrivileges: boolean;
  readonly wxn: boolean;
  readonly pan: boolean;
  /** PAN covers what unprivileged accesses may execute, too. */
  readonly epan: boolean;
  /** CD.E0PDx: to unprivileged accesses nothing of the half is mapped, whatever its descriptors grant. */
  readonly privilegedOnly: boolean;
  /** CD.HADx: limits of table descriptors are not used. */
  readonly ignoreTables: boolean;
  /** CD.HD with HA: hardware makes a read-only entry with DBM writable when it is written. HD alone does nothing. */
  readonly dirtyState: boolean;
  /** Rights by index where CD.PIE selects permission indirection, else null. */
  readonly indirect: readonly number[] | null;
}

/** Limits gathered from table descriptors, as their bits [62:59] are laid out: PXN, UXN, no unprivileged, no write. */
export const NO_LIMITS = 0;
const LIMIT_PXN = 1;
const LIMIT_UXN = 2;
const LIMIT_UNPRIVILEGED = 4;
const LIMIT_WRITE = 8;

/** The limits below a stage 1 table descriptor, added to those from above it. `high` is its upper half. */
export function limitsBelow(limits: number, high: number, { ignoreTables, indirect }: Stage1Rights): number {
  return ignoreTables || indirect !== null ? limits : limits | ((high >>> 27) & 0xf);
}

/** The rights that a stage 1 block or page grants. */
export function stage1Rights(low: number, high: number, limits: number, regime: Stage1Rights): number {
  const rights = descriptorRights(low, high, limits, regime);
  return regime.privilegedOnly ? rights & PRIVILEGED_RIGHTS : rights;
}

function descriptorRights(low: number, high: number, limits: number, regime: Stage1Rights): number {
  if (regime.indirect !== null) {
    // PIIndex takes the bits of UXN, PXN, DBM and AP[1].
    const bit = (half: number, mask: number) => ((half & mask) === 0 ? 0 : 1);
    const index = bit(high, UXN) * 8 + bit(high, PXN) * 4 + bit(high, DBM) * 2 + bit(low, AP_UNPRIVILEGED);
    let rights = regime.indirect[index] ?? 0;
    // AP[2] is nDirty in this scheme: a write faults, unless hardware may clear it.
    if ((low & AP_READ_ONLY) !== 0 && !regime.dirtyState) rights &= ~ANY_WRITE;
    return regime.twoPrivileges ? withPan(rights, regime) : rights;
  }
  const readOnly = (low & AP_READ_ONLY) !== 0 && !(regime.dirtyState && (high & DBM) !== 0);
  const writable = !readOnly && (limits & LIMIT_WRITE) === 0;
  if (!regime.twoPrivileges) {
    const xn = (high & UXN) !== 0 || (limits & LIMIT_UXN) !== 0 || (regime.wxn && writable);
    const one = PRIV_READ | (writable ? PRIV_WRITE : 0) | (xn ? 0 : PRIV_EXEC);
    return one | (one << 3);
  }
  const unprivileged = (low & AP_UNPRIVILEGED) !== 0 && (limits & LIMIT_UNPRIVILEGED) === 0;
  let rights = PRIV_READ | (writable ? PRIV_WRITE : 0);
  if (unprivileged) rights |= UNPRIV_READ | (writable ? UNPRIV_WRITE : 0);
  const pxn = (high & PXN) !== 0 || (limits & LIMIT_PXN) !== 0 || (regime.wxn && writable);
  // What unprivileged software may write is never executed with privilege.
  if (!pxn && (rights & UNPRIV_WRITE) === 0) rights |= PRIV_EXEC;
  const uxn = (high & UXN) !== 0 || (limits & LIMIT_UXN) !== 0;
  if (!uxn && !(regime.wxn && (rights & UNPRIV_WRITE) !== 0)) rights |= UNPRIV_EXEC;
  return withPan(rights, regime);
}

/**
 * Rights of a stage 1 block or page that no access has without hardware writing to the descriptor: all while AF is clear and
 * hardware sets it, those to write while the page is clean and hardware marks it as dirty (IHI 0070, "HTTU with two stages
 * of translation").
 */
export function rightsOfUpdate(
  low: number,
  high: number,
  limits: number,
  regime: Stage1Rights,
  setsAf: boolean,
): number {
  if (setsAf && (low & AF) === 0) return ALL_RIGHTS;
  if (!regime.dirtyState) return 0;
  return stage1Rights(low, high, limits, regime) & ~stage1Rights(low, high, limits, { ...regime, dirtyState: false });
}

/** Privileged data accesses to what is open to unprivileged ones fault with PAN. */
function withPan(rights: number, { pan, epan }: Stage1Rights): number {
  const open = UNPRIV_READ | UNPRIV_WRITE | (epan ? UNPRIV_EXEC : 0);
  return pan && (rights & open) !== 0 ? rights & ~(PRIV_READ | PRIV_WRITE) : rights;
}

/** The rights of one PIIP or PIIU value: its bits are read, execute, and with both of them write. */
export function indirectRights(privileged: number, unprivileged: number): number {
  const of = (value: number) =>
    ((value & 1) !== 0 ? 1 : 0) | (value >= 5 && value !== 6 ? 2 : 0) | ((value & 2) !== 0 ? 4 : 0);
  return of(privileged) | (of(unprivileged) << 3);
}

/** What decides on rights besides the descriptor, for stage 2. */
export interface Stage2Rights {
  /** STE.S2HD with S2HA */
  readonly dirtyState: boolean;
  /** IDR3.XNX */
  readonly xnx: boolean;
}

/** The rights that a stage 2 block or page grants. */
export function stage2Rights(low: number, high: number, { dirtyState, xnx }: Stage2Rights): number {
  let rights = 0;
  if ((low & S2AP_READ) !== 0) rights |= PRIV_READ | UNPRIV_READ;
  if ((low & S2AP_WRITE) !== 0 || (dirtyState && (high & DBM) !== 0)) rights |= PRIV_WRITE | UNPRIV_WRITE;
  const xn = (high >>> 21) & 3;
  if (!xnx) return xn >= 2 ? rights : rights | PRIV_EXEC | UNPRIV_EXEC;
  if (xn === 0 || xn === 1) rights |= UNPRIV_EXEC;
  if (xn === 0 || xn === 3) rights |= PRIV_EXEC;
  return rights;
}
