/** What the formats share about findings: their orders, and their place and reach in words. */

import type { Finding } from '../../findings/findings.ts';
import { count } from '../../findings/rules/words.ts';
import { GRAVEST_FIRST, worstOf } from '../../findings/worst.ts';
import { hex, hexRange } from '../../hex.ts';
import type { Inspection } from '../../inspect/inspection.ts';
import { compareNumbers, compareText } from '../../lists.ts';

/**
 * How machines want them: by SMMU as the snapshot has them, after what concerns the input as a whole; then by rule and
 * by place. Viewers compare one run with the next, so nothing here may depend on the order in which things were found.
 */
export function inOrder({ smmus, findings }: Pick<Inspection, 'smmus' | 'findings'>): Finding[] {
  const rank = new Map(smmus.map(({ name }, i) => [name, i]));
  const smmuRank = ({ smmu }: Finding) => (smmu === null ? -1 : (rank.get(smmu) ?? smmus.length));
  return [...findings].sort(
    (a, b) =>
      smmuRank(a) - smmuRank(b) ||
      compareText(a.rule, b.rule) ||
      compareNumbers(placeNumbers(a), placeNumbers(b)) ||
      compareText(a.message, b.message),
  );
}

/** What has no such number comes first. */
function placeNumbers({ location }: Finding): number[] {
  const { l1Index = -1, firstSid = -1, lastSid = -1, address } = location;
  return [l1Index, firstSid, lastSid, address ?? -1];
}

/** `worst error kernel-panic, of 2 errors, 0 warnings, 1 note`: the gravest of the widest reach. */
export function worstInWords(findings: readonly Finding[]): string {
  const worst = worstOf(findings);
  if (worst === null) return 'no findings';
  const counts = GRAVEST_FIRST.map((severity) => {
    return count(findings.filter((finding) => finding.severity === severity).length, severity);
  });
  return `worst ${worst.severity} ${worst.rule}, of ${counts.join(', ')}`;
}

/** `SIDs 0x500-0x5ff, PCI bus 05, at 0x88002028`, or nothing for what has no place. */
export function placeInWords({ location }: Finding): string {
  const { firstSid, lastSid, pciBus, address } = location;
  return [
    firstSid === undefined || lastSid === undefined ? '' : sidsInWords(firstSid, lastSid),
    pciBus === undefined ? '' : `PCI bus ${busInWords(pciBus)}`,
    address === undefined ? '' : `at ${hex(address)}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** `05`. */
export function busInWords(bus: number): string {
  return bus.toString(16).padStart(2, '0');
}

/** `SID 0x8`, or `SIDs 0x8-0xf` for several; both ends included. */
export function sidsInWords(first: number, last: number): string {
  return `SID${first === last ? '' : 's'} ${hexRange(first, last)}`;
}

const REACH = { machine: 'the whole machine', smmu: 'the whole SMMU', bus: 'one bus', device: 'one device' };

/** How far the damage reaches: as the patches claim, and on recent cores where that is more. Empty if not at all. */
export function reachInWords({ reach, likelyReach }: Pick<Finding, 'reach' | 'likelyReach'>): string {
  if (reach === null || likelyReach === null) return '';
  if (reach === likelyReach) return `affects ${REACH[reach]}`;
  return `affects ${REACH[reach]}, on kernels from about 6.15 on likely ${REACH[likelyReach]}`;
}
