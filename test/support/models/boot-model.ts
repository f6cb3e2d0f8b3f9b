/**
 * The second model behind the adoption: the ordinary table where none is adopted, bypass STEs of reserved regions, the
 * reset, and the devices until one ends the registration (1.6 to 1.10, 5.2). Written as plainly as `adoption-model.ts`, and
 * from the behaviour of the series alone. The kernel is one whose registration probes the devices that are there.
 */

import type { Expectation, ExpectedInsert, ExpectedLogLine } from '../expectation.ts';
import {
  allocates,
  begin,
  bits,
  decodeL1,
  field,
  insert,
  type Life,
  type Machine,
  type ModelInput,
  reported,
  since,
  type Table,
} from './adoption-model.ts';

export interface BootInput extends ModelInput {
  /** StreamIDs of firmware's reserved regions, ascending. */
  readonly rmrSids: readonly number[];
  /** Hears of every rule that decided something. */
  readonly metBooting?: ((rule: BootRule) => void) | undefined;
}

/** For checking that generated machines meet each of them. */
export const BOOT_RULES = [
  'ordinary table: granted',
  'ordinary table: refused',
  'ordinary table: open',
  'RMR: skipped',
  'RMR: bypass in the adopted table',
  'RMR: bypass in a new L2 table',
  'RMR: bypass in the ordinary table',
  'RMR: failed',
  'RMR: the kernel dies',
  'reset: adopted',
  'reset: full',
  'reset: ordinary',
  'reset: CMDQ_ERR acknowledged',
  'reset: CMDQ_ERR left, no command consumed',
  'reset: ATSCHK set',
  'reset: ATSCHK kept',
  'device: waits for a live STE',
  'device: waits for a bypass STE of a reserved region',
  'device: waits for an abort STE',
  'device: waits for nothing',
  'device: refused',
  'device: open',
  'device: the kernel dies',
] as const;

export type BootRule = (typeof BOOT_RULES)[number];

export interface Boot {
  readonly adoption: Expectation;
  /** What becomes of the SMMU. */
  readonly fate: string;
  /** Until the end of the reset. */
  readonly log: readonly ExpectedLogLine[];
  readonly reset: BootReset | null;
  /** Of each device that is accepted before one ends the registration, whether its attach waits. */
  readonly waits: readonly boolean[];
}

export interface BootReset {
  readonly kind: 'adopted' | 'full' | 'ordinary';
  readonly kept: number;
  readonly after: number;
  readonly abort: number;
  readonly acknowledged: boolean;
}

/** A table of the kernel's own: for so many StreamIDs, all abort. */
interface OrdinaryTable {
  readonly format: 'ordinary';
  readonly entries: number;
}

/** What goes on while the SMMU boots. */
interface Booting {
  readonly machine: Machine;
  /** ARM_SMMU_OPT_KDUMP_ADOPT. */
  readonly option: boolean;
  readonly log: ExpectedLogLine[];
  readonly bypassed: Set<number>;
  /** Where the L2 table of a slot is, from the first that needs it on; null for a new one, all abort. */
  readonly l2s: Map<number, number | null>;
  readonly met: (rule: BootRule) => void;
}

const UNKNOWN_END = { reset: null, waits: [] };

export function modelBoot(input: BootInput): Boot {
  const life = begin(input);
  const { machine, ended } = life;
  const log = [...overriddenBy(machine), ...machine.log];
  const maps = [...machine.maps];
  // What is mapped for reserved regions counts as the adoption's; what is said of it does not.
  const says = machine.log;
  const adoption = (inserts: readonly ExpectedInsert[]) =>
    reported(life, { log: says, maps: [...maps, ...rmrMaps] }, inserts);
  let rmrMaps: Machine['maps'] = [];

  const outcome = 'verdict' in ended ? ended.verdict : 'adopted';
  if (outcome === 'indeterminate') return { adoption: adoption([]), fate: 'unknown', log, ...UNKNOWN_END };
  if (outcome === 'panic') return { adoption: adoption([]), fate: 'kernel-dies', log, ...UNKNOWN_END };
  const option = 'verdict' in ended ? ended.option === true : true;
  const booting: Booting = {
    machine,
    option,
    log,
    bypassed: new Set(),
    l2s: new Map(),
    met: input.metBooting ?? (() => {}),
  };
  if (outcome === 'probe-fails') {
    if ('verdict' in ended && ended.ret !== null) sayProbeFailed(booting, ended.ret);
    return { adoption: adoption([]), fate: 'probe-fails', log, ...UNKNOWN_END };
  }
  const table = 'verdict' in ended ? buildOrdinary(booting) : ended;
  if (typeof table === 'string') {
    return { adoption: adoption([]), fate: table === 'refused' ? 'probe-fails' : 'unknown', log, ...UNKNOWN_END };
  }
  machine.maps = [];
  const died = installBypass(booting, table, input.rmrSids);
  rmrMaps = machine.maps;
  for (const mapping of rmrMaps) mapping.released = mapping.ok;
  if (died) return { adoption: adoption([]), fate: 'kernel-dies', log, ...UNKNOWN_END };
  const reset = resetOf(booting);
  const { fate, waits, inserts } = register(booting, life, table);
  return { adoption: adoption('verdict' in ended ? [] : inserts), fate, log: [...log], reset, waits };
}

/** Section 0: firmware's word against IDR0.COHACC. */
function overriddenBy(machine: Machine): ExpectedLogLine[] {
  const { firmwareCoherent } = machine.input;
  if (firmwareCoherent === null || firmwareCoherent === (field(machine, 'IDR0', 4, 4) === 1)) return [];
  return [{ level: 'warn', text: `IDR0.COHACC overridden by FW configuration (${firmwareCoherent})` }];
}

/** Section 8, 1: the driver core is silent about -ENXIO. */
function sayProbeFailed({ log }: Booting, ret: number): void {
  if (ret !== -6) log.push({ level: 'err', text: `probe with driver arm-smmu-v3 failed with error ${ret}` });
}

/** 1.6: two levels where the driver has them by then, for 2^25 StreamIDs at most; else one STE for each. */
function buildOrdinary(booting: Booting): OrdinaryTable | 'refused' | 'open' {
  const { machine, log, met } = booting;
  const sidSize = field(machine, 'IDR1', 5, 0);
  const twoLevel = machine.twoLevelStreamTable;
  const entries = twoLevel ? Math.min(2 ** sidSize, 2 ** 25) : 2 ** sidSize;
  if (entries < 2 ** sidSize) {
    log.push({ level: 'warn', text: `2-level strtab only covers 25/${sidSize} bits of SID` });
  }
  // The size of a linear one is kept in 32 bits.
  const byteLength = twoLevel ? entries / 32 : (entries * 64) % 2 ** 32;
  const given = !twoLevel && sidSize >= 32 ? 'open' : byteLength === 0 ? 'no' : allocates(machine, byteLength, true);
  if (given === 'yes') {
    met('ordinary table: granted');
    return { format: 'ordinary', entries };
  }
  met(given === 'no' ? 'ordinary table: refused' : 'ordinary table: open');
  if (given === 'open') return 'open';
  const what = twoLevel ? 'l1' : 'linear';
  log.push({ level: 'err', text: `failed to allocate ${what} stream table (${byteLength} bytes)` });
  sayProbeFailed(booting, -12);
  return 'refused';
}

/** 1.8: true where the kernel dies of it. */
function installBypass(booting: Booting, table: Table | OrdinaryTable, sids: readonly number[]): boolean {
  const { machine, log, bypassed, met } = booting;
  const { revision } = machine;
  if (table.format !== 'ordinary' && since(revision, 'v6')) {
    if (sids.length > 0) met('RMR: skipped');
    return false;
  }
  for (const sid of sids) {
    machine.log = [];
    const ret = place(booting, table, sid);
    log.push(...machine.log);
    // Whatever could not be told here had left the adoption open.
    if (ret !== 0) {
      met('RMR: failed');
      log.push({ level: 'err', text: `RMR SID(0x${sid.toString(16)}) bypass failed` });
      continue;
    }
    // v1 and v2: what was not mapped is written all the same.
    if (!canBeRead(booting, table, sid)) {
      met('RMR: the kernel dies');
      return true;
    }
    if (table.format === 'ordinary') met('RMR: bypass in the ordinary table');
    else met(machine.fresh ? 'RMR: bypass in a new L2 table' : 'RMR: bypass in the adopted table');
    bypassed.add(sid);
  }
  return false;
}

/** 1.9 for any table: the errno, null where it cannot be told. */
function place({ machine, l2s }: Booting, table: Table | OrdinaryTable, sid: number): number | null {
  machine.fresh = false;
  if (table.format === 'ordinary') return sid < table.entries ? 0 : -34;
  const ret = insert(machine, table, sid);
  const slot = Math.floor(sid / 256);
  if (table.format === '2lvl' && ret === 0 && !l2s.has(slot)) {
    // Through v3 they were mapped when the table was adopted.
    const memory = since(machine.revision, 'v4') ? machine.memory : machine.input.memory;
    l2s.set(slot, machine.fresh ? null : decodeL1(memory.word(table.base + slot * 8)).l2);
  }
  return ret;
}

/** Where the STE is; null in a table that the kernel has made. */
function steOf({ l2s }: Booting, table: Table | OrdinaryTable, sid: number): number | null {
  if (table.format === 'ordinary') return null;
  if (table.format === 'linear') return table.base + sid * 64;
  const l2 = l2s.get(Math.floor(sid / 256)) ?? null;
  return l2 === null ? null : l2 + (sid % 256) * 64;
}

/** Whether the CPU survives a look at the STE: through v2 a mapping that failed is read, too. */
function canBeRead(booting: Booting, table: Table | OrdinaryTable, sid: number): boolean {
  const paddr = steOf(booting, table, sid);
  if (paddr === null || table.format === 'ordinary') return true;
  if (table.format === 'linear') return table.mapping.ok;
  return booting.machine.input.memory.isRam(paddr - (sid % 256) * 64, 256 * 64);
}

/** 1.7. */
function resetOf({ machine, option, log, met }: Booting): BootReset {
  const { revision } = machine;
  const cr0 = field(machine, 'CR0', 31, 0);
  const kind = option ? 'adopted' : (cr0 & 1) === 1 ? 'full' : 'ordinary';
  met(`reset: ${kind}`);
  if (kind === 'full' || (kind === 'adopted' && revision === 'v1')) {
    log.push({ level: 'warn', text: 'SMMU currently enabled! Resetting...' });
  }
  if (kind === 'adopted') log.push({ level: 'info', text: 'kdump: retaining SMMUEN for in-flight DMA' });

  const kept = kind === 'adopted' ? keptOf(revision, cr0) : 0;
  const ats = field(machine, 'IDR0', 10, 10) === 1;
  const forces = kind !== 'adopted' || !since(revision, 'v7');
  if (ats && forces) met('reset: ATSCHK set');
  else if ((kept & 0x10) !== 0) met('reset: ATSCHK kept');
  const after = (kept | 0x9 | (ats && forces ? 0x10 : 0)) >>> 0;

  const active = (field(machine, 'GERROR', 31, 0) ^ field(machine, 'GERRORN', 31, 0)) & 0x1fd;
  const acknowledged = active !== 0 && since(revision, 'v3');
  if ((active & 1) === 1) {
    met(acknowledged ? 'reset: CMDQ_ERR acknowledged' : 'reset: CMDQ_ERR left, no command consumed');
    // CFGI_ALL, TLBI_EL2_ALL where there is EL2, TLBI_NSNH_ALL, each with a CMD_SYNC behind it.
    for (let i = 0; !acknowledged && i < (field(machine, 'IDR0', 9, 9) === 1 ? 3 : 2); i++) {
      const [at, next] = [2 * i + 1, 2 * i + 2];
      log.push({
        level: 'err',
        text: `CMD_SYNC timeout at 0x0000000${at} [hwprod 0x0000000${next}, hwcons 0x00000000]`,
      });
    }
  }
  const abort = kind === 'full' ? 1 : field(machine, 'GBPA', 20, 20);
  return { kind, kept, after, abort, acknowledged };
}

/** 1.7: bits of CR0 while the queues are off. */
function keptOf(revision: Machine['revision'], cr0: number): number {
  if (since(revision, 'v10')) return (cr0 & ~0xe) >>> 0;
  return since(revision, 'v3') ? cr0 & 0x11 : 1;
}

/** 5.2: one device after the other, each with one StreamID, until one of them ends it. */
function register(booting: Booting, { machine, ended }: Life, table: Table | OrdinaryTable) {
  const { met } = booting;
  const calm = { adopted: 'adopted', fallback: 'falls-back' }['verdict' in ended ? ended.verdict : 'adopted'];
  let fate = calm ?? ('verdict' in ended ? ended.verdict : '');
  let isOver = false;
  const waits: boolean[] = [];
  machine.memory = machine.input.laterMemory ?? machine.input.memory;
  const inserts = machine.input.insertSids.map((sid) => {
    machine.log = [];
    machine.maps = [];
    const ret = place(booting, table, sid);
    for (const mapping of machine.maps) mapping.released = mapping.ok;
    const result = { sid, ret, log: machine.log, maps: machine.maps, fresh: machine.fresh };
    if (isOver) return result;
    const answer = ret === 0 ? attachWaits(booting, table, sid) : null;
    if (answer !== null && answer !== 'dies') {
      waits.push(answer);
      return result;
    }
    isOver = true;
    fate = answer === 'dies' ? 'kernel-dies' : ret === null ? 'unknown' : 'smmu-lost';
    met(answer === 'dies' ? 'device: the kernel dies' : ret === null ? 'device: open' : 'device: refused');
    return result;
  });
  return { fate, waits, inserts };
}

/** 1.10 and section 3: V=1, from v3 on with a Config other than abort; never without the option. */
function attachWaits(booting: Booting, table: Table | OrdinaryTable, sid: number): boolean | 'dies' {
  const { machine, option, bypassed, met } = booting;
  if (!option) {
    met('device: waits for nothing');
    return false;
  }
  if (bypassed.has(sid)) {
    met('device: waits for a bypass STE of a reserved region');
    return true;
  }
  if (!canBeRead(booting, table, sid)) return 'dies';
  const paddr = steOf(booting, table, sid);
  const ste = paddr === null ? 1n : machine.memory.word(paddr);
  const [valid, config] = [bits(ste, 0, 0) === 1, bits(ste, 3, 1)];
  const byValidity = valid && config === 0 && !since(machine.revision, 'v3') && table.format !== 'ordinary';
  const waits = (valid && config !== 0) || byValidity;
  met(
    byValidity
      ? 'device: waits for an abort STE'
      : waits
        ? 'device: waits for a live STE'
        : 'device: waits for nothing',
  );
  return waits;
}
