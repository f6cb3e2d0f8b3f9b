/** What is taken for granted of a dump, in words. */

import type { DumpAssumption, PageSizeUnsaid } from '../../dump/dump.ts';
import { hex } from '../../hex.ts';
import type { AssumptionWords } from './assumptions.ts';

const UNSAID: Readonly<Record<PageSizeUnsaid, string>> = {
  raw: 'a raw dump does not say',
  lime: 'a LiME dump does not say',
  avml: 'an AVML dump does not say',
  elf: 'the dump has no VMCOREINFO PAGESIZE',
  qemu: 'QEMU does not say, and the dump has no VMCOREINFO PAGESIZE',
};

/** What was assumed, as which value, and why. */
export function dumpAssumptionInWords(assumption: DumpAssumption): AssumptionWords {
  switch (assumption.kind) {
    case 'page-size':
      return { what: 'page size', value: String(assumption.byteLength), why: UNSAID[assumption.unsaidBy] };
    case 'load-address':
      return {
        what: 'load address',
        value: hex(assumption.paddr),
        why: 'a raw dump without a load map or an address',
      };
    case 'machine':
      return {
        what: 'machine',
        value: assumption.machine,
        why: 'its utsname lies 4 bytes off, as makedumpfile before 1.6.9 writes it of Linux 5.11 and newer',
      };
    case 'unchanged-on-server':
      return {
        what: 'file on the server',
        value: 'unchanged',
        why: 'it sends no ETag and no Last-Modified, so a change while it is read would not be noticed',
      };
  }
}
