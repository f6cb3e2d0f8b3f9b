/** The answer, first: what the kdump kernel does with this SMMU, and the check that decided. */

import { isUnknown } from '../../adopt/checks.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { INDENT, paragraph, type Style } from './style.ts';

export function verdictLine(style: Style, { name, adoption, panic, lost }: SmmuReport): string {
  const { paint } = style;
  const errno = adoption.errno === null ? '' : ` (-${adoption.errno})`;
  const said = {
    adopted: paint.green.bold('ADOPTED'),
    fallback: paint.red.bold('FALLS BACK TO A FULL RESET') + errno,
    'not-attempted': paint.yellow.bold('ADOPTION NOT ATTEMPTED'),
    indeterminate: paint.magenta.bold('CANNOT BE TOLD FROM THIS DUMP'),
    panic: paint.red.bold('THE KDUMP KERNEL DIES IN THE ADOPTION'),
  }[adoption.verdict];
  const then =
    panic !== null && adoption.verdict !== 'panic'
      ? `, ${paint.red.bold('THEN THE KDUMP KERNEL DIES')}`
      : lost !== null
        ? `, ${paint.red.bold('THEN THE WHOLE SMMU IS LOST')}`
        : '';
  return `${paint.bold(name)}: ${said}${then}, revision ${adoption.revision}`;
}

export function verdict(style: Style, smmu: SmmuReport): string[] {
  const { adoption, devices, panic, lost, dmesg, splits } = smmu;
  const deciding = adoption.checks.find(({ result }) => result === 'fail');
  const said = [verdictLine(style, smmu)];
  const say = (text: string) => said.push(...paragraph(style, INDENT, text));
  if (deciding !== undefined) say(`decided by ${deciding.id}: ${deciding.observed}; required: ${deciding.required}`);
  const missing = adoption.checks.find(isUnknown);
  if (adoption.verdict === 'indeterminate' && missing !== undefined) say(`at ${missing.id}: ${missing.observed}`);
  if (adoption.verdict === 'adopted') {
    const unit = adoption.format === '2lvl' ? 'L1 descriptors' : 'STEs';
    const stays =
      panic === null && lost === null ? 'stays in use; in-flight DMA goes on translating' : 'was taken over';
    say(`the ${adoption.format} table with ${adoption.entries} ${unit} ${stays}`);
  }
  if (adoption.verdict === 'fallback') {
    say("in-flight DMA is aborted; the crashed kernel's table is replaced by an empty one");
  }
  if (panic !== null) say(`dies in ${panic.where} reading ${hex(panic.address)}: ${panic.why}`);
  if (lost !== null) say(`lost: ${lost.why}; in-flight DMA is ${IN_FLIGHT[lost.inFlight]}`);
  if (devices.length > 0) {
    const count = (pick: (device: (typeof devices)[number]) => boolean) => devices.filter(pick).length;
    const diesAsking = panic !== null && adoption.verdict === 'adopted';
    const parts = [
      `${count(({ accepted }) => accepted === true)} accepted (${count(({ deferred }) => deferred === true)} with the attach deferred)`,
      // The one at whose STE the kernel dies was not refused.
      `${count(({ accepted, asked }) => accepted === false && asked !== false) - (diesAsking ? 1 : 0)} refused`,
      `${count(({ asked }) => asked === false)} never asked`,
      `${count(({ accepted }) => accepted === null)} that cannot be told`,
    ];
    say(`devices: ${parts.filter((part, i) => i < 2 || !part.startsWith('0 ')).join(', ')}`);
  }
  if (splits !== null) {
    const parted = splits.map(
      ({ revision, from, check, aspect }) => `${revision} parts from ${from} at ${check ?? aspect}`,
    );
    say(parted.join('; ') || 'all known revisions do the same');
  }
  if (dmesg !== null) {
    const { agree, missing: absent, extra, panic: death } = dmesg;
    const same = absent + extra === 0 && death?.agrees !== false;
    const lines = (number: number) => `${number} line${number === 1 ? ' agrees' : 's agree'}`;
    const ending = death === null ? '' : `, the end of the kernel ${death.agrees ? 'too' : 'does not'}`;
    say(
      same
        ? `${dmesg.file} is as predicted: ${lines(agree)}${ending}`
        : `${dmesg.file} is NOT as predicted: ${lines(agree)}, ${absent} missing, ${extra} extra${ending}`,
    );
  }
  return said;
}

const IN_FLIGHT = {
  translated: 'translated',
  aborted: 'aborted',
  bypassed: 'bypassed: IOVAs are used as physical addresses',
  unknown: 'bypassed or aborted, as GBPA.ABORT says, which is not in the snapshot',
} as const;
