/** What a kernel log says of its SMMUs, with the names of devices: `smmu-adopt log` as plain facts. */

import type { DeviceMessageKind, EventGroup, KernelLog, PageRequestGroup, SmmuLog } from '../../log/facts.ts';
import { DeviceNames } from '../../platform/device-names.ts';
import type { Firmware, FirmwareSmmu } from '../../platform/firmware/firmware.ts';
import type { FaultEvent } from '../../smmu/translation/walk.ts';
import type { EndingReason, TranslationOutcome } from '../../streams/translation.ts';

export type DeviceSource = 'log' | 'iort' | 'dtb' | 'dump';

/** Who is behind a StreamID. */
export interface NamedStream {
  readonly device: string | null;
  readonly deviceFrom: DeviceSource | null;
  /**
   * A device of the log whose PCI address is this StreamID, where exactly one is: a reading, no fact, because firmware
   * may map requester IDs to StreamIDs in any way.
   */
  readonly deviceIfRequesterId: string | null;
}

/** What the tables in a dump say of an event now. */
export interface EventInDump {
  /** `found`: the stream has an entry that translates, and the event does not say what was to be translated. */
  readonly outcome: TranslationOutcome | 'found';
  readonly fault: FaultEvent | null;
  readonly why: EndingReason | null;
  readonly pa: number | null;
  /** The access would raise the same event again. */
  readonly same: boolean;
  /** Times that the record is in the memory of the event queue; null where the log has not all of its words. */
  readonly inQueue: number | null;
}

/** What the memory of the event queue in a dump has, beside what the log says. */
export interface EventQueueMemory {
  /** Records in it, those that the kernel has read long ago too. */
  readonly records: number;
  /** Of them, those that nobody had read; null where the indices do not say. */
  readonly unread: number | null;
  /** At least so many of them are not in the log. */
  readonly notInLog: number;
}

export type ReportedEvent = EventGroup & NamedStream & { readonly inDump: EventInDump | null };

export interface SmmuLogReport extends Omit<SmmuLog, 'events' | 'pageRequests'> {
  /** Of register page 0; null where neither the name nor firmware tells. */
  readonly base: number | null;
  /** In the order of their first records. */
  readonly events: readonly ReportedEvent[];
  readonly pageRequests: readonly (PageRequestGroup & NamedStream)[];
  /** Null without a dump, and where the dump does not say where the queue is. */
  readonly eventQueue: EventQueueMemory | null;
}

export interface LogReport extends Omit<KernelLog, 'smmus'> {
  /** As the user named them; `-` is standard input. */
  readonly files: readonly string[];
  readonly smmus: readonly SmmuLogReport[];
}

/** `tables` are of firmware, in the order in which they are asked. */
export function logReport(files: readonly string[], log: KernelLog, tables: readonly Firmware[]): LogReport {
  const places = new Map(log.smmus.map((smmu) => [smmu, placeOf(smmu, log.smmus, tables)]));
  const pciDevices = devicesByRequesterId(log.devices);
  return {
    ...log,
    files,
    smmus: log.smmus.map((smmu) => {
      const { base, firmware } = places.get(smmu) ?? NOWHERE;
      const names = firmware.map(({ kind, smmu: one }) => ({ kind, names: new DeviceNames(one.ranges) }));
      const named = (sid: number | null, client: string | null): NamedStream => {
        const fromFirmware = sid === null ? undefined : names.find((one) => one.names.deviceOf(sid) !== null);
        const device = client ?? (sid === null ? null : (fromFirmware?.names.deviceOf(sid) ?? null));
        const deviceFrom = client !== null ? 'log' : (fromFirmware?.kind ?? null);
        const reading = sid === null || device !== null ? null : (pciDevices.get(sid) ?? null);
        return { device, deviceFrom, deviceIfRequesterId: reading };
      };
      return {
        ...smmu,
        base,
        events: smmu.events.map((event) => ({ ...event, ...named(event.sid, event.client), inDump: null })),
        pageRequests: smmu.pageRequests.map((request) => ({ ...request, ...named(request.sid, null) })),
        eventQueue: null,
      };
    }),
  };
}

interface Place {
  readonly base: number | null;
  readonly firmware: readonly { readonly kind: DeviceSource; readonly smmu: FirmwareSmmu }[];
}

const NOWHERE: Place = { base: null, firmware: [] };
const KINDS = { iort: 'iort', 'device-tree': 'dtb' } as const;

/** The name of a device tree begins with the base; one of ACPI has a number that says only in which order they are. */
const TREE_NAME = /^([0-9a-f]{1,13})\.[a-z]/;
const AUTO_NAME = /^arm-smmu-v3\.(\d{1,6})\.auto$/;

function placeOf({ name }: SmmuLog, all: readonly SmmuLog[], tables: readonly Firmware[]): Place {
  const [, digits] = TREE_NAME.exec(name ?? '') ?? [];
  const base = digits === undefined ? null : Number.parseInt(digits, 16);
  const firmware = tables.flatMap(({ kind, smmus }) => {
    const smmu = base !== null ? smmus.find((one) => one.base === base) : byOrder(name, all, smmus);
    return smmu === undefined ? [] : [{ kind: KINDS[kind], smmu }];
  });
  return { base: base ?? firmware[0]?.smmu.base ?? null, firmware };
}

/**
 * Numbers of ACPI's devices ascend as the nodes of the table do, but others have numbers between them: which is which is
 * known where the log has as many SMMUs as the table.
 */
function byOrder(name: string | null, all: readonly SmmuLog[], smmus: readonly FirmwareSmmu[]) {
  const numberOf = (one: string | null) => Number(AUTO_NAME.exec(one ?? '')?.[1] ?? Number.NaN);
  const numbers = all.map((smmu) => numberOf(smmu.name)).filter((number) => !Number.isNaN(number));
  if (numbers.length !== smmus.length) return undefined;
  const at = numbers.sort((a, b) => a - b).indexOf(numberOf(name));
  return at < 0 ? undefined : smmus[at];
}

const PCI = /^([0-9a-f]{4}):([0-9a-f]{2}):([01][0-9a-f])\.([0-7])$/;

/** PCI devices by their requester ID; IDs that two segments have are left out. */
function devicesByRequesterId(devices: readonly string[]): ReadonlyMap<number, string> {
  const byId = new Map<number, string | null>();
  for (const device of devices) {
    // `pci 0000:01:00.0` and `nvme 0000:01:00.0` are one.
    const [, , bus, slot, fn] = PCI.exec(device) ?? [];
    if (bus === undefined || slot === undefined || fn === undefined) continue;
    const id = (Number.parseInt(bus, 16) << 8) | (Number.parseInt(slot, 16) << 3) | Number(fn);
    const there = byId.get(id);
    byId.set(id, there === undefined || there === device ? device : null);
  }
  return new Map([...byId].flatMap(([id, device]) => (device === null ? [] : [[id, device] as const])));
}

/** Hints of a device are no fault. */
const HINT = 'E_PAGE_REQUEST';

/** What is said of a device that goes on all the same. */
const HARMLESS: ReadonlySet<DeviceMessageKind> = new Set<DeviceMessageKind>([
  'direct-mapping-required',
  'device-feature-not-enabled',
]);

/**
 * The gravest of what the log says: a fault, an error, an SMMU or a device that is left without; something lost or not asked
 * for; a line that says nothing.
 */
export function severityOf(report: LogReport): 'error' | 'warning' | 'note' | null {
  const { smmus, suppressed, passedOver, deviceMessages } = report;
  const isGrave = smmus.some(
    ({ events, notGrouped, commandErrors, globalErrors, failures }) =>
      events.some(({ name }) => name !== HINT) ||
      notGrouped + commandErrors.length + globalErrors.length + failures.length > 0,
  );
  if (isGrave || deviceMessages.some(({ kind }) => !HARMLESS.has(kind))) return 'error';
  const isOdd = smmus.some(
    ({ lost, pageRequests }) => lost.overflows + lost.requestOverflows + pageRequests.length > 0,
  );
  if (isOdd || suppressed + deviceMessages.length > 0) return 'warning';
  return passedOver > 0 || smmus.some(({ events }) => events.length > 0) ? 'note' : null;
}
