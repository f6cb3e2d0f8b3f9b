/** Why a value was assumed, and what it costs that one is missing, in words. */

import { namesInWords } from '../../findings/rules/words.ts';
import type { Assumed, AssumedValue, Assumption, DefaultChoice, Ground, Lack } from '../../snapshot/assumption.ts';
import { firmwareSourceInWords } from '../../snapshot/firmware-source.ts';
import type { Missing, MissingCost } from '../../snapshot/validate/missing.ts';

/** Of a register, where no snapshot was given. */
export const NOT_RECONSTRUCTED = "not among the registers that the crashed kernel's state tells";

const LACKS: Readonly<Record<Lack, string>> = {
  register: 'register missing from the snapshot',
  'not-reconstructed': NOT_RECONSTRUCTED,
  bits: 'not among the known bits of the register',
};

const CHOICES: Readonly<Record<DefaultChoice, string>> = {
  'in-use': 'a snapshot is taken of an SMMU that was in use',
  'no-error': 'no error taken to be active',
  'server-two-level': 'server SMMUs have two-level stream tables',
  'server-two-level-cds': 'server SMMUs have two-level CD tables',
  'server-coherent': 'server SMMUs are coherent',
  wider: 'the wider choice',
  'from-log2size': 'Linux programs LOG2SIZE from SIDSIZE',
  largest: 'the largest there is',
  'largest-of-linux': 'the largest that Linux handles',
};

/** Why this value of a field, of those there are. */
export function choiceInWords(choice: DefaultChoice): string {
  return CHOICES[choice];
}

const COSTS: Readonly<Record<Exclude<MissingCost, 'assumed'>, string>> = {
  'untold-cr0-change': 'whether a change of CR0 was in progress cannot be told',
  'untold-traffic-while-off': 'whether traffic is aborted or passes while the SMMU is off cannot be told',
  'untold-commands': 'commands that were waiting cannot be told',
  'untold-events': 'events that were waiting cannot be told',
  'untold-page-requests': 'page requests that were waiting cannot be told',
  'cohacc-for-firmware': 'IDR0.COHACC is taken in place of what firmware says, which decides in the driver',
};

/** What it costs that a snapshot lacks something. */
export function costInWords({ cost, assumed }: Missing): string {
  if (cost !== 'assumed') return COSTS[cost];
  const values = assumed.map(
    ({ field, value, choice }) => `${field} = ${assumedValueInWords(value)} (${CHOICES[choice]})`,
  );
  return `assumed ${values.join(', ')}`;
}

/** An assumption as reports show it: the value, and why it was assumed. */
export interface AssumptionWords {
  readonly what: string;
  readonly value: string;
  readonly why: string;
}

/** `page size = 4096 (a raw dump does not say)`. */
export function assumptionText({ what, value, why }: AssumptionWords): string {
  return `${what} = ${value} (${why})`;
}

/** Of a value that the snapshot lacks. */
export function assumptionInWords({ what, value, why }: Assumption): AssumptionWords {
  return { what: assumedInWords(what), value: assumedValueInWords(value), why: groundInWords(why) };
}

const ASSUMED: Readonly<Record<Exclude<Assumed['kind'], 'field' | 'registers' | 'reserved-bits'>, string>> = {
  'firmware-coherent': 'firmware.coherent',
  'cohacc-against-firmware': 'IDR0.COHACC against firmware',
  'excluded-table-pages': 'excluded table pages',
  'stream-world': 'stream world',
  'cd-table-low-bits': 'low bits of S1ContextPtr',
};

/** `IDR0.ST_LEVEL`, `firmware.coherent`, `stream world`. */
export function assumedInWords(what: Assumed): string {
  switch (what.kind) {
    case 'field':
      return `${what.register}.${what.field}`;
    case 'registers':
      return namesInWords(what.names);
    case 'reserved-bits':
      return `reserved bits of the ${what.entry.toUpperCase()}`;
    default:
      return ASSUMED[what.kind];
  }
}

const VALUES: Readonly<Record<Extract<AssumedValue, string>, string>> = {
  zeros: 'zero',
  ignored: 'ignored',
  unknown: 'unknown',
  'el2-e2h': 'EL2-E2H',
  'smmuv3.1-or-later': 'SMMUv3.1 or later',
};

/** `1`, `true`, or in words. */
export function assumedValueInWords(value: AssumedValue): string {
  return typeof value === 'string' ? VALUES[value] : String(value);
}

/** Why there is something to assume, and why it is this. */
function groundInWords(ground: Ground): string {
  switch (ground.kind) {
    case 'default':
      return `${LACKS[ground.lack]}; ${CHOICES[ground.choice]}`;
    case 'coherent-as-cohacc':
      return 'not in the snapshot; taken from IDR0.COHACC';
    case 'coherent-as-firmware':
      return `not in the snapshot; taken from ${firmwareSourceInWords(ground.source)}`;
    case 'coherent-as-crashed-kernel':
      return 'not in the snapshot; taken from the driver of the kernel in the dump';
    case 'firmware-decides':
      return 'not known; firmware decides, and a difference is logged';
    case 'excluded-is-zero': {
      const why = ground.asked ? 'asked for with --excluded zero' : 'the capture tool left out pages of zeros';
      return `${why}; pages of the table: ${ground.pages}`;
    }
    case 'linux-sets-it':
      return `${LACKS.register}; Linux sets it`;
    case 'rules-not-applied':
      return 'missing from the snapshot; rules that need them are not applied';
    case 'register-missing':
      return LACKS.register;
    case 'world-undecided':
      return 'a register missing from the snapshot decides between EL2 and EL2-E2H';
    case 'reserved-may-be-illegal':
      return 'some are set, and hardware may take the entry for an illegal one instead';
    case 'cd-table-unaligned':
      return 'the CD table is not aligned to its size, and hardware may read any other entry of it';
  }
}
