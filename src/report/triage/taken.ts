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
  const left = passedOver.slice(0, MAX_NAMED).map(passedOverInWords);
  const more = passedOver.length - left.length;
  const rest = left.length === 0 ? '' : `; not used: ${left.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${path}: ${[`dump ${dump.join(' + ')}`, ...taken].join(', ')}${rest}`;
}

function passedOverInWords(passed: PassedOver): string {
  const { file } = passed;
  switch (passed.why) {
    case 'no-use':
      return `${file} (${passed.title})`;
    case 'link-out':
      return `${file} (a link out of what was named)`;
    case 'link-nowhere':
      return `${file} (a link to nothing)`;
    case 'link-to-folder':
      return `${file} (a link to a folder, which is not followed)`;
    case 'special':
      return `${file} (no regular file)`;
    case 'unreadable':
      return `${file} (cannot be read)`;
    case 'ambiguous':
      return `${file} (one of several that could be the ${CALLED[passed.companion]}${passed.companion === 'regs' ? '; --regs-name picks one' : ''})`;
  }
}
