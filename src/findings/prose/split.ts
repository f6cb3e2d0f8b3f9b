/** What two revisions do differently, in a sentence. */

import type { RevisionSplit, SplitReason } from '../../adopt/compare.ts';
import { errnoName } from '../../adopt/errno.ts';
import { hex } from '../../hex.ts';
import { observedInWords, requiredInWords } from './evidence.ts';

type Side<K extends SplitReason['kind']> = Extract<SplitReason, { kind: K }>['from'];

/** Where two revisions part: what the first does; what the other does. */
export function splitInWords(why: RevisionSplit['why']): string {
  switch (why.kind) {
    case 'check':
      return `${checkInWords(why.from)}; ${checkInWords(why.other)}`;
    case 'ending':
      return `${endingInWords(why.from)}; ${endingInWords(why.other)}`;
    case 'insertion':
      return `SID ${hex(why.sid)}: ${insertionInWords(why.from, why.other)}, ${insertionInWords(why.other, why.from)}`;
    case 'table':
      return `${tableInWords(why.from)}; ${tableInWords(why.other)}`;
    case 'rmr': {
      const inWords = ({ revision, bypass }: Side<'rmr'>) =>
        `${revision} ${bypass === 0 ? 'leaves' : `writes ${bypass} bypass STEs over`} the entries of reserved regions`;
      return `${inWords(why.from)}; ${inWords(why.other)}`;
    }
    case 'cr0':
      return `${cr0InWords(why.from)}, ${cr0InWords(why.other)}`;
    case 'commands': {
      const [flushes, stuck] = why.from.consumed ? [why.from, why.other] : [why.other, why.from];
      return (
        `${flushes.revision} acknowledges CMDQ_ERR; ${stuck.revision} does not, so that the commands of its reset are ` +
        'not consumed'
      );
    }
    case 'ids': {
      const [keeps, gives] = why.from.held > why.other.held ? [why.from, why.other] : [why.other, why.from];
      return (
        `${keeps.revision} reserves ${keeps.held} IDs that live entries use; ` +
        `${gives.revision} may give them to new domains`
      );
    }
  }
}

function tableInWords({ revision, table }: Side<'table'>): string {
  if (table === null) return `${revision} builds no table`;
  const what = table.format === '2lvl' ? 'a two-level table' : 'a linear table';
  return {
    granted: `${revision} builds ${what}`,
    refused: `${revision} has no memory for ${what}`,
    'cannot-be-told': `whether ${revision} has memory for ${what} cannot be told`,
  }[table.granted];
}

function checkInWords({ revision, check }: Side<'check'>): string {
  if (check === null) return `${revision} does not ask`;
  const { result, required } = check;
  if (check.observed === null) return `${revision} does not come to it`;
  const observed = observedInWords(check.observed);
  if (result === 'pass') return `${revision} passes: ${observed}`;
  if (result === 'fail') return `${revision} fails: ${observed}, required: ${requiredInWords(required)}`;
  return `${revision} cannot be told: ${observed}`;
}

function endingInWords({ revision, verdict, ret, death }: Side<'ending'>): string {
  if (death !== null) return `${revision} dies in ${death.where} reading ${hex(death.paddr)}`;
  return `${revision}: ${verdict}${ret === null || ret === 0 ? '' : ` (-${errnoName(ret)})`}`;
}

/** With what tells the two apart, where both are accepted. */
function insertionInWords(one: Side<'insertion'>, other: Side<'insertion'>): string {
  const { revision, ret, fresh, deferred } = one;
  if (ret !== 0) return `${revision} ${ret === null ? 'cannot be told' : `-${errnoName(ret)}`}`;
  if (other.ret !== 0) return `${revision} accepted`;
  if (deferred === other.deferred) return `${revision} accepted, with ${fresh ? 'a new' : 'the old'} L2 table`;
  if (deferred === null) return `${revision} accepted, whether its attach waits cannot be told`;
  return `${revision} accepted, ${deferred ? 'its attach deferred' : 'attached at once'}`;
}

function cr0InWords({ revision, cr0, atschk }: Side<'cr0'>): string {
  const value = cr0 === null ? 'a value that cannot be told' : hex(cr0);
  return `${revision} leaves CR0 at ${value} (ATSCHK ${atschk ?? 'unknown'})`;
}
