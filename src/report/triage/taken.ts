/** What was taken for what? One line a crash, for those who wonder. */

import { COMPANIONS, type Companion, type Crash, type PassedOver } from '../../triage/crash.ts';

const CALLED: Readonly<Record<Companion, string>> = {
  regs: 'registers',
  dmesg: 'log of the kdump kernel',
  log: 'log of the crashed kernel',
  iomem: '/proc/iomem',
  iort: 'IORT',
  dtb: 'device tree',
};

const MAX_NAMED = 8;

/** `node17: dump vmcore, registers regs.json; not used: notes.txt (a text file)`. */
export function takenInWords(crash: Crash): string {
  const { path, dump, passedOver } = crash;
  const taken = COMPANIONS.flatMap((one) => (crash[one] === null ? [] : [`${CALLED[one]} ${crash[one]}`]));
  return `${path}: ${[dump.length === 0 ? 'no dump' : `dump ${dump.join(' + ')}`, ...taken].join(', ')}${passedOver.length === 0 ? '' : `; ${left(passedOver)}`}`;
}

/** `old: no dump; not used: vmcore.tar (a tar archive)`. */
export function noCrashInWords(folder: string, passedOver: readonly PassedOver[]): string {
  return `${folder}: no dump; ${left(passedOver)}`;
}

function left(passedOver: readonly PassedOver[]): string {
  const named = passedOver.slice(0, MAX_NAMED).map(passedOverInWords);
  const more = passedOver.length - named.length;
  return `not used: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** What is not used and by its name was meant to be; only where nothing else is. `nameless`: not by its name. */
export function meantInWords(crash: Crash, nameless: boolean): string[] {
  const meant = crash.passedOver.filter(({ companion }) => companion !== null && crash[companion] === null);
  const words = meant.map((one) => `${nameless ? one.companion : one.file} (${reasonInWords(one)})`);
  const each = [...new Set(words)];
  return each.length > MAX_NAMED ? [...each.slice(0, MAX_NAMED), `${each.length - MAX_NAMED} more`] : each;
}

function passedOverInWords(passed: PassedOver): string {
  return `${passed.file} (${reasonInWords(passed)})`;
}

const REASONS: Readonly<Record<Exclude<PassedOver['why'], 'no-use' | 'ambiguous'>, string>> = {
  'link-out': 'a link out of what was named',
  'link-nowhere': 'a link to nothing',
  'link-to-folder': 'a link to a folder, which is not followed',
  special: 'no regular file',
  unreadable: 'cannot be read',
  'of-another': 'of another dump, by its name',
};

function reasonInWords(passed: PassedOver): string {
  if (passed.why === 'no-use') return passed.title;
  if (passed.why !== 'ambiguous') return REASONS[passed.why];
  const advice = passed.companion === 'regs' ? '; --regs-name picks one' : '';
  return `one of several that could be the ${CALLED[passed.companion]}${advice}`;
}
