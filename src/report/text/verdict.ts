/** The answer, first: what the kdump kernel does with this SMMU, and the check that decided. */

import { isUnknown } from '../../adopt/checks.ts';
import { observedOrUnknown, requiredInWords } from '../../findings/prose/evidence.ts';
import { deathInWords } from '../../findings/prose/memory.ts';
import { doubtInWords } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { deviceCountsInWords, fateInWords } from '../prose/fate.ts';
import { comparisonInWords } from '../prose/log-comparison.ts';
import { lossInWords } from '../prose/loss.ts';
import { INDENT, paragraph, type Style } from './style.ts';

export function verdictLine(style: Style, smmu: SmmuReport): string {
  const { paint } = style;
  const colours = { good: paint.green, bad: paint.red, warn: paint.yellow, unknown: paint.magenta, plain: paint };
  const { adoption, errno, next, assuming } = fateInWords(smmu);
  const loud = ({ tone, text }: typeof adoption) => colours[tone].bold(text.toUpperCase());
  const said = loud(adoption) + (errno === null ? '' : ` (-${errno})`);
  const later = next === null ? '' : `, ${loud(next)}`;
  const given = assuming === null ? '' : `, assuming ${assuming}`;
  return `${paint.bold(smmu.name)}: ${said}${later}${given}, revision ${smmu.adoption.revision}`;
}

export function verdict(style: Style, smmu: SmmuReport): string[] {
  const { adoption, devices, fate, panic, lost, dmesg, splits } = smmu;
  const { decidedBy } = adoption;
  const said = [verdictLine(style, smmu)];
  const say = (text: string) => said.push(...paragraph(style, INDENT, text));
  if (adoption.doubt !== null) say(doubtInWords(adoption.doubt));
  if (decidedBy !== null) {
    const { id, observed, required } = decidedBy;
    const settled = adoption.settledByLog ? `; ${dmesg?.file ?? 'the log'} tells what comes of it` : '';
    say(
      isUnknown(decidedBy)
        ? `at ${id}: ${observedOrUnknown(observed)}${settled}`
        : `decided by ${id}: ${observedOrUnknown(observed)}; required: ${requiredInWords(required)}`,
    );
  }
  if (adoption.verdict === 'adopted') {
    const unit = adoption.format === '2lvl' ? 'L1 descriptors' : 'STEs';
    const stays = fate.kind === 'adopted' ? 'stays in use; in-flight DMA goes on translating' : 'was taken over';
    say(`the ${adoption.format} table with ${adoption.entries} ${unit} ${stays}`);
  }
  if (adoption.verdict === 'fallback') {
    say("in-flight DMA is aborted; the crashed kernel's table is replaced by an empty one");
  }
  if (panic !== null) say(`dies in ${panic.where} reading ${hex(panic.address)}: ${deathInWords(panic.why)}`);
  if (lost !== null) say(`lost: ${lossInWords(lost)}; in-flight DMA is ${IN_FLIGHT[lost.inFlight]}`);
  if (devices.length > 0) say(`devices: ${deviceCountsInWords(devices)}`);
  if (splits !== null) {
    const parted = splits.map(
      ({ revision, from, check, aspect }) => `${revision} parts from ${from} at ${check ?? aspect}`,
    );
    say(parted.join('; ') || 'all known revisions do the same');
  }
  const compared = comparisonInWords(smmu);
  if (compared !== null) say(`${dmesg?.file}${AGAINST_LOG[compared.how]}: ${compared.rest}`);
  return said;
}

const AGAINST_LOG = {
  'as predicted': ' is as predicted',
  'not as predicted': ' is NOT as predicted',
  open: '',
} as const;

const IN_FLIGHT = {
  translated: 'translated',
  aborted: 'aborted',
  bypassed: 'bypassed: IOVAs are used as physical addresses',
  unknown: 'bypassed or aborted, as GBPA.ABORT says, which is not in the snapshot',
} as const;
