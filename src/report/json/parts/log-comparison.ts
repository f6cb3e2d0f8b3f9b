/** The shape of the predicted log against a captured one. */

import type { DmesgFault, DmesgLine, DmesgReport } from '../../../inspect/log/dmesg.ts';
import { choice, count, define, flag, hex, integer, list, nullable, object, sid, text } from '../../../shape.ts';

const dmesgLine = define(
  'dmesgLine',
  'One line, predicted or found',
  object<DmesgLine>()({
    status: ['hidden: predicted at debug level and not in the log', choice('agree', 'missing', 'extra', 'hidden')],
    text: ['The message, without the driver and device names in front', text],
    line: ['Line number in the log; null for what is only predicted', nullable(integer(1))],
  }),
);

const dmesgPanic = define(
  'dmesgPanic',
  'The function in which the kernel dies',
  object<NonNullable<DmesgReport['panic']>>()({
    predicted: ['As predicted; null: nowhere', nullable(text)],
    found: ['As the log has it; null: nowhere in the driver', nullable(text)],
    agrees: ['Whether both are the same', flag],
  }),
);

const dmesgFault = define(
  'dmesgFault',
  'A fault that the log reports: of one kind, stream and page',
  object<DmesgFault>()({
    what: ['An event or a command error by name, or what else it is', text],
    sid: ['StreamID; null for what names none', nullable(sid)],
    address: ['Address that it is about; null where there is none', nullable(hex)],
    count: ['How often', integer(1)],
    firstLine: ['Line of the first', integer(1)],
    lastLine: ['Line of the last', integer(1)],
  }),
);

export const dmesg = define(
  'dmesg',
  'The predicted log against a captured one',
  object<DmesgReport>()({
    file: ['The log, as it was named', text],
    device: ['The device whose lines were compared; null when the log has none of this SMMU', nullable(text)],
    agree: ['Lines on both sides', count],
    missing: ['Lines predicted and not found', count],
    extra: ['Lines found and not predicted', count],
    otherLines: ['Lines of the driver that say nothing about the adoption', count],
    faultLines: ['Lines that report a fault, which no prediction is about', count],
    faults: ['What these lines come to', list(dmesgFault)],
    faultsNotListed: ['Faults beyond those listed', count],
    carriesSeries: [
      'False: the log is of a kernel that does not carry the series; null where it does not tell',
      nullable(flag),
    ],
    lines: ['Both sides in order', list(dmesgLine)],
    linesNotListed: ['Lines beyond those listed; the counts are of all', count],
    panic: ['The end of the kernel; null when it is neither predicted nor found', nullable(dmesgPanic)],
  }),
);
