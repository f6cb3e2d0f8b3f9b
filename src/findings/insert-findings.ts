/** What is to be said of the devices: who is refused and why, and what the SMMU loses by it. */

import { STRTAB_NUM_L2_STES, STRTAB_SPLIT } from '../adopt/device.ts';
import type { Danger } from '../adopt/devices/danger.ts';
import type { StreamOutcome } from '../adopt/devices/master.ts';
import type { Probe } from '../adopt/devices/registration.ts';
import type { Emulation } from '../adopt/emulate.ts';
import { errnoName } from '../adopt/errno.ts';
import type { InFlight } from '../adopt/reset.ts';
import type { HardwareView } from '../tables/hardware-view.ts';
import type { FindingList, Location } from './findings.ts';
import { busOf, l1Location } from './table-findings.ts';

/** An SMMU whose registration fails after the adoption. */
interface LostSmmu {
  readonly sid: number;
  readonly ret: number;
  /** Streams of devices that had been accepted. */
  readonly loseGroup: readonly number[];
  readonly inFlight: InFlight;
}

/** Adds to `findings` what becomes of devices; `asked` is how many streams somebody asked about. */
export function insertFindings(
  { probes, verdict }: Emulation,
  lost: LostSmmu | null,
  view: HardwareView,
  asked: number,
  findings: FindingList,
): void {
  if (asked > 0 && verdict !== 'adopted') findings.add('insert-not-possible', { sids: asked, verdict });
  if (lost !== null) {
    const { sid, ret, loseGroup, inFlight } = lost;
    const args = { sid, errno: errnoName(ret) ?? String(-ret), lost: loseGroup.length, inFlight };
    findings.add('smmu-lost', args, {}, 'Failed to register iommu');
  }
  for (const probe of probes) {
    for (const stream of probe.streams) refusalFinding(probe, stream, view, findings);
    const { deferred, sid, fate } = probe;
    if (fate.kind === 'unknown' && fate.of === 'unseen') unseenFinding(fate, view, findings);
    if (deferred === null && sid !== null && fate.kind !== 'never-asked') {
      findings.add('insert-deferral-unknown', { sid }, { firstSid: sid, lastSid: sid, ...busOf(sid, sid) });
    }
  }
}

const MISSING = {
  'descriptor-not-in-dump': 'l1-descriptor',
  'l2-not-in-dump': 'l2-table',
  'l2-overlap-unknown': 'kdump-resources',
} as const;

function unseenFinding(
  { sid, danger }: { readonly sid: number; readonly danger: Danger },
  view: HardwareView,
  findings: FindingList,
): void {
  const lastSid = view.geometry.format === '2lvl' ? sid - (sid % STRTAB_NUM_L2_STES) + STRTAB_NUM_L2_STES - 1 : sid;
  findings.add('insert-unseen', { sid, danger }, { firstSid: sid, lastSid, ...busOf(sid, lastSid) });
}

function refusalFinding(
  { device, hotplugged }: Probe,
  { sid, refusal, log }: StreamOutcome,
  view: HardwareView,
  findings: FindingList,
): void {
  if (refusal === null) return;
  const kernelMessage = log.at(-1)?.text ?? null;
  const here: Location = { firstSid: sid, lastSid: sid, ...busOf(sid, sid) };
  const alone = hotplugged || undefined;
  switch (refusal.kind) {
    case 'out-of-range':
      findings.add('insert-out-of-range', { sid, entries: refusal.entries }, here, kernelMessage, alone);
      break;
    case 'span-changed': {
      const args = { sid, span: refusal.span, expected: STRTAB_SPLIT + 1 };
      const there = l1Location(view, refusal.l1Index, refusal.paddr);
      findings.add('insert-span-changed', args, there, kernelMessage, alone);
      break;
    }
    case 'l2-base-bad': {
      const there = l1Location(view, refusal.l1Index, refusal.paddr);
      findings.add('insert-l2-base-bad', { sid, l2: refusal.l2 }, there, kernelMessage, alone);
      break;
    }
    case 'l2-overlaps': {
      const there = l1Location(view, refusal.l1Index, refusal.paddr);
      findings.add('insert-l2-overlaps', { sid, l2: refusal.l2 }, there, kernelMessage, alone);
      break;
    }
    case 'l2-not-mappable': {
      const args = { sid, l2: refusal.l2, why: refusal.why };
      findings.add('insert-l2-not-mappable', args, here, kernelMessage, alone);
      break;
    }
    case 'aliasing':
      findings.add('insert-aliasing', { sid, device: device.name ?? '', owner: refusal.owner }, here, kernelMessage);
      break;
    case 'descriptor-not-in-dump':
    case 'l2-not-in-dump':
    case 'l2-overlap-unknown': {
      const missing = MISSING[refusal.kind];
      const there = l1Location(view, refusal.l1Index, refusal.paddr);
      findings.add('insert-indeterminate', { sid, missing }, there, kernelMessage);
      break;
    }
  }
}
