/** What becomes of devices and their streams, in the shape of the report; once for all revisions in which they fare the same. */

import type { DeviceFate } from '../../adopt/devices/fate.ts';
import type { StreamOutcome } from '../../adopt/devices/master.ts';
import type { Probe } from '../../adopt/devices/registration.ts';
import { errnoName } from '../../adopt/errno.ts';
import type { Mapping } from '../../adopt/ledger.ts';
import type { DeviceReport, InsertReport, MappingReport, Releaser } from './outcome.ts';

/** What is reported of probes: of each its device, and in a row the insertions of all. */
export interface ProbeReports {
  readonly probes: readonly Probe[];
  readonly devices: readonly DeviceReport[];
  readonly inserts: readonly InsertReport[];
}

/**
 * `like`: what is reported of another revision's, of which those that fare the same are taken. `probeFails`: the probe of
 * the SMMU fails with one of them.
 */
export function probeReports(
  probes: readonly Probe[],
  probeFails: boolean,
  like: ProbeReports | undefined,
): ProbeReports {
  const devices: DeviceReport[] = [];
  const inserts: InsertReport[] = [];
  let others = 0;
  for (const [i, probe] of probes.entries()) {
    const other = like?.probes[i];
    const ofOther = other?.streams.length ?? 0;
    if (like !== undefined && other !== undefined && faresTheSame(probe, other)) {
      devices.push(like.devices[i] as DeviceReport);
      for (let k = 0; k < ofOther; k++) inserts.push(like.inserts[others + k] as InsertReport);
    } else {
      devices.push(deviceReport(probe));
      inserts.push(...insertReports(probe, probeFails));
    }
    others += ofOther;
  }
  return { probes, devices, inserts };
}

/** Whether the same is to be said of both. What is mapped or printed is looked at no closer. */
function faresTheSame(one: Probe, other: Probe): boolean {
  if (one.device !== other.device || one.hotplugged !== other.hotplugged || one.fate.kind !== other.fate.kind)
    return false;
  if (isAsked(one.fate) !== isAsked(other.fate) || one.deferred !== other.deferred || one.sid !== other.sid)
    return false;
  if (one.streams.length !== other.streams.length) return false;
  return one.streams.every((stream, i) => {
    const { sid, ret, fresh, log, mappings } = other.streams[i] as StreamOutcome;
    const silent = stream.log.length + stream.mappings.length + log.length + mappings.length === 0;
    return silent && stream.sid === sid && stream.ret === ret && stream.fresh === fresh;
  });
}

/** Whether the core comes to the device; null where that cannot be told. */
function isAsked(fate: DeviceFate): boolean | null {
  if (fate.kind === 'unknown' && fate.of === 'device-before') return null;
  return fate.kind !== 'never-asked';
}

/** Whether it is added to an IOMMU group. */
function isAccepted({ kind }: DeviceFate): boolean | null {
  return kind === 'unknown' ? null : kind === 'accepted';
}

const NO_MAPPINGS: readonly MappingReport[] = [];

function insertReports({ device, hotplugged, fate, streams, deferred }: Probe, probeFails: boolean): InsertReport[] {
  return streams.map(({ sid, ret, fresh, log, mappings }) => ({
    sid,
    device: device.name,
    hotplugged,
    asked: isAsked(fate),
    ret,
    errno: errnoName(ret),
    fresh,
    log,
    mappings: mappings.length === 0 ? NO_MAPPINGS : mappings.map((one) => mappingReport(one, probeFails)),
    deferred,
  }));
}

function deviceReport({ device, hotplugged, fate, deferred, sid }: Probe): DeviceReport {
  const { name, sids } = device;
  const [asked, accepted] = [isAsked(fate), isAccepted(fate)];
  return { name, sids, hotplugged, fate: fate.kind, asked, accepted, deferred, deferredBy: sid };
}

/** One mapping, with who gives it back. `probeFails`: the SMMU does not outlive its probe. */
export function mappingReport(mapping: Mapping, probeFails: boolean): MappingReport {
  return {
    kind: mapping.kind,
    purpose: mapping.purpose,
    address: mapping.paddr,
    size: mapping.byteLength,
    ok: mapping.ok,
    why: mapping.remap.why,
    held: mapping.held,
    released: mapping.releases > 0,
    transient: mapping.transient,
    releasedBy: releaserOf(mapping, probeFails),
    pages: mapping.pages,
  };
}

function releaserOf({ kind, transient, ok, held }: Mapping, probeFails: boolean): Releaser | null {
  if (!ok) return null;
  if (transient) return 'id-scan';
  if (kind === 'memremap') return 'cleanup';
  if (!held) return 'fallback';
  return probeFails ? 'failed-probe' : 'unbinding';
}
