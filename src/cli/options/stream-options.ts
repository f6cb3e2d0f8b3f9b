/** The streams that options name, read by the firmware tables that were given; what may surprise goes to stderr. */

import { Option } from 'commander';
import { hex } from '../../hex.ts';
import type { PlannedStreams } from '../../inspect/plan.ts';
import { type AskedSmmu, type AskedStream, AskedStreams, type StreamRemark } from '../../platform/asked-streams.ts';
import type { Platform } from '../../platform/platform.ts';
import { onlySmmu } from '../../snapshot/choose.ts';
import { firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import type { SmmuSnapshot, Snapshot } from '../../snapshot/snapshot.ts';
import type { Session } from '../session.ts';
import { parseOneStream } from './arguments.ts';
import type { KernelFlags } from './kernel-options.ts';

/** `--sid` of a command about one stream, which has to be given. */
export function oneStreamOption(): Option {
  return new Option('--sid <sid>', 'the StreamID: 0x100, 256, 01:00.0, 0000:01:00.0, or a name of firmware')
    .argParser(parseOneStream)
    .makeOptionMandatory();
}

/** What `read` makes of options for these SMMUs. Throws InputError (`usage`) for a stream of none of them. */
export function readStreams<T>(
  session: Session,
  platform: Platform | undefined,
  smmus: readonly AskedSmmu[],
  read: (streams: AskedStreams) => T,
): T {
  const streams = new AskedStreams(platform, smmus);
  const result = read(streams);
  for (const remark of streams.remarks) {
    session.complain(`note: ${inWords(remark)}`);
  }
  return result;
}

/** The devices and reserved regions of {@link KernelFlags} as `inspect` takes them. */
export function kernelStreams(
  { insert, device, hotplug, rmr }: Pick<KernelFlags, 'insert' | 'device' | 'hotplug' | 'rmr'>,
  streams: AskedStreams,
): PlannedStreams {
  return {
    insert: insert === 'all' ? insert : insert && streams.read(insert),
    devices: device?.map(({ name, streams: asked }) => ({ name, sids: streams.read(asked) })),
    hotplug: hotplug && streams.read(hotplug),
    rmr: rmr && streams.read(rmr),
  };
}

/**
 * The SMMU that a command about one stream means: the one that is named, else the only one, else the only one that
 * firmware has the stream behind. Throws InputError (`usage`) where that does not say it.
 */
export function smmuOfStream(
  snapshot: Snapshot,
  name: string | undefined,
  stream: readonly AskedStream[],
  platform: Platform | undefined,
): SmmuSnapshot {
  if (name !== undefined || snapshot.smmus.length === 1 || stream[0]?.kind === 'numbers')
    return onlySmmu(snapshot, name);
  const sidsOf = new AskedStreams(platform, snapshot.smmus).read(stream);
  const [only, ...others] = snapshot.smmus.filter((smmu) => sidsOf(smmu).length > 0);
  return only !== undefined && others.length === 0 ? only : onlySmmu(snapshot, name);
}

function inWords({ kind, text, requesterId, stream }: StreamRemark): string {
  const asNumber = `StreamID ${hex(requesterId)}`;
  const has = stream === null ? '' : `${stream.device} as StreamID ${hex(stream.sid)}`;
  const table = stream === null ? '' : firmwareSourceInWords(stream.source);
  if (kind === 'differs') return `${text} is read by ${table}, which has ${has}, not ${asNumber}`;
  if (kind === 'partly') return `${text} is read by ${table}, which has only some of these devices behind the SMMU`;
  const base = stream?.base ?? null;
  const elsewhere =
    stream === null ? '' : `; ${table} has ${has} of ${base === null ? 'another SMMU' : `the SMMU at ${hex(base)}`}`;
  return `${text} is read as ${asNumber}, its requester ID: firmware's tables have no such device behind the SMMU${elsewhere}`;
}
