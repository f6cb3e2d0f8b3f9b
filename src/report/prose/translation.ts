/** A translation in words: what was read, what it says, and why the way ends where it does. */

import type { PageState } from '../../dump/memory.ts';
import { entryObservedInWords, entryRequiredInWords } from '../../findings/prose/legality.ts';
import { stretchReasonInWords } from '../../findings/prose/stretches.ts';
import { hex } from '../../hex.ts';
import type {
  ContiguousRun,
  Fetched,
  HalfReason,
  Invalidity,
  Says,
  UnknownReason,
} from '../../smmu/translation/reasons.ts';
import type { IovaRange, IovaSpaceReport } from '../../streams/iova-space.ts';
import type { EndingReason, TranslationStep } from '../../streams/translation.ts';
import { TABLE_STRUCTURES, tableSaysInWords, wayEndInWords } from './lookup.ts';
import { rightsText, stageAttributesInWords } from './mappings.ts';

/** `stage 2 level 3 descriptor, for the CD`; `brief`, among others of its kind, `stage 2 level 3, for the CD`. */
export function structureInWords(what: TranslationStep['what'], brief = false): string {
  if (what.kind === 'L1CD' || what.kind === 'CD') return what.kind;
  if (what.kind === 'L1STD' && brief) return 'L1';
  if (what.kind !== 'descriptor') return TABLE_STRUCTURES[what.kind];
  const { stage, level, purpose } = what;
  const aside = purpose === null ? '' : `, for the ${purposeInWords(purpose)}`;
  return `stage ${stage} level ${level}${brief ? '' : ' descriptor'}${aside}`;
}

function purposeInWords(purpose: Fetched | 'stage-1-output'): string {
  return purpose === 'stage-1-output' ? 'output of stage 1' : structureInWords(purpose);
}

/** What was read says: never empty. */
export function stepSaysInWords({ says }: Pick<TranslationStep, 'says'>): string {
  if (says === null) return 'not in the dump';
  switch (says.kind) {
    case 'l1cd':
      return says.leaf === null ? 'invalid (V 0)' : `leaf table ${hex(says.leaf)}`;
    case 'cd-invalid':
      return 'invalid (V 0)';
    case 'cd': {
      const halves = says.halves.map((half, n) =>
        half === null ? `TTB${n} off` : `TTB${n} ${hex(half.ttb)} T${n}SZ ${half.tsz}`,
      );
      return [`ASID ${says.asid}`, ...halves].join(', ');
    }
    case 'none':
      return INVALIDITIES[says.invalidity];
    case 'table':
      return `table ${hex(says.paddr)}${limitsInWords(says.limits)}`;
    case 'leaf':
      return leafInWords(says);
    default:
      return tableSaysInWords(says);
  }
}

const INVALIDITIES: Readonly<Record<Invalidity, string>> = {
  invalid: 'invalid (bit 0 is 0)',
  reserved: 'reserved (bits 1:0 are 1)',
  'no-block': 'a block, which this level does not have',
};

/** By bit. */
const LIMITS = ['no privileged execution', 'no unprivileged execution', 'no unprivileged access', 'no writes'] as const;

function limitsInWords(limits: number): string {
  const set = LIMITS.filter((_, bit) => (limits & (1 << bit)) !== 0);
  return set.length === 0 ? '' : `; below it ${set.join(', ')}`;
}

function leafInWords({ isPage, paddr, rights, accessFlag, attributes, run }: Extract<Says, { kind: 'leaf' }>): string {
  return [
    `${isPage ? 'page' : 'block'} ${hex(paddr)}`,
    `privileged ${rightsText(rights, true)}`,
    `unprivileged ${rightsText(rights, false)}`,
    `AF ${accessFlag}`,
    stageAttributesInWords(attributes),
    ...(run === null ? [] : [runInWords(run)]),
  ].join(', ');
}

function runInWords(run: ContiguousRun): string {
  if (run.kind === 'no-runs-here') return 'contiguous, which this level does not have';
  const member = `one of ${run.entries} contiguous entries`;
  switch (run.kind) {
    case 'not-in-dump':
      return `${member}, not all in the dump`;
    case 'agrees':
      return `${member} that agree`;
    case 'unaligned':
      return `${member} that do NOT agree: unaligned`;
    case 'differs':
      return `${member} that do NOT agree: entry ${run.entry} differs`;
  }
}

function halfReasonInWords(why: HalfReason): string {
  switch (why.kind) {
    case 'el2':
      return 'an EL2 stream has no TTB1 half';
    case 'epd':
      return `CD.EPD${why.half} is 1`;
    case 'misfit':
      // Only where the captured registers do not tell that the CD is illegal for it.
      return `no walk fits T${why.half}SZ and TG${why.half}`;
  }
}

/** `TTB1: CD.EPD1 is 1`. */
export function halfInWords({ half, why }: IovaSpaceReport['halves'][number]): string {
  return `TTB${half}: ${halfReasonInWords(why)}`;
}

const OFF = 'CR0.SMMUEN is 0: no table is read, GBPA decides for all traffic';

/** What lies behind an outcome. */
export function endingInWords(why: EndingReason): string {
  switch (why.kind) {
    case 'not-in-dump':
    case 'undecoded-tables':
    case 'undecoded-indirection':
      return unknownInWords(why);
    case 'config-abort':
      return 'STE.Config is 0';
    case 'config-reserved':
      return 'STE.Config is reserved, which acts as 0';
    case 'unreadable':
      return `stage 2 lets nobody read the ${structureInWords(why.what)}`;
    case 'unwritable':
      return `the access has hardware update the ${structureInWords(why.what)}, and stage 2 lets nobody write it`;
    case 'device-memory':
      return `S2PTW is 1 and the ${structureInWords(why.what)} lies in Device memory`;
    case 'no-access-flag':
      return `the ${structureInWords(why.what)} has AF 0`;
    case 'ipa-too-large':
      return `IPA ${hex(why.ipa)} needs more than ${why.bits} bits`;
    case 'leads-nowhere':
      return `the ${structureInWords(why.what)} is ${INVALIDITIES[why.invalidity]}`;
    case 'output-too-large':
      return `${hex(why.paddr)} in the ${structureInWords(why.what)} needs more than ${why.bits} bits`;
    case 'illegal':
      return why.illegal
        .map(
          ({ observed, required }) =>
            `${observed.field} ${entryObservedInWords(observed)}; required: ${entryRequiredInWords(required)}`,
        )
        .join('; ');
    case 'no-stage-2-fits':
      return 'S2TG, S2T0SZ and S2SL0 fit no stage 2 walk';
    case 'stage-1-off':
      return 'stage 1 is off';
    case 'no-substreams':
      return 'S1CDMax or IDR1.SSIDSIZE is 0';
    case 'substream-0':
      return 'SubstreamID 0 is not usable: S1DSS is 2';
    case 'no-substream':
      return `S1DSS is ${why.s1dss} and the transaction has no SubstreamID`;
    case 'substream-beyond':
      return `SubstreamID ${hex(why.ssid)} is outside the ${why.cds} CDs that S1CDMax allows`;
    case 'l1cd-invalid':
      return `L1CD[${why.index}] has V 0`;
    case 'l1cd-beyond':
      return `L1CD[${why.index}] points beyond ${why.bits} bits`;
    case 'input-too-large':
      return `${hex(why.iova)} needs more than ${why.bits} bits`;
    case 'no-tables':
      return halfReasonInWords(why.half);
    case 'outside-half':
      return `${hex(why.iova)} is outside the ${why.bits} bits of TTB${why.half}`;
    case 'privileged-only':
      return `CD.E0PD${why.half} refuses unprivileged accesses`;
    case 'not-granted': {
      const who = why.privileged ? 'privileged' : 'unprivileged';
      const granted = rightsText(why.rights, why.privileged);
      return `the level ${why.level} descriptor grants ${who} ${granted}, not ${why.access}`;
    }
    case 'gbpa-missing':
      return `${OFF}; GBPA is missing from the snapshot`;
    case 'gbpa-aborts':
      return `${OFF}, and GBPA.ABORT is 1`;
    case 'gbpa-passes':
      return 'CR0.SMMUEN is 0 and GBPA.ABORT is 0: all traffic passes';
    case 'off-too-large':
      return `CR0.SMMUEN is 0, and ${hex(why.iova)} needs more than ${why.bits} bits`;
    default:
      return wayEndInWords(why);
  }
}

/** What keeps a walk from being known. */
export function unknownInWords(why: UnknownReason<PageState>): string {
  switch (why.kind) {
    case 'not-in-dump':
      return `the ${structureInWords(why.what)} at ${hex(why.paddr)} is not in the dump (${why.state})`;
    case 'undecoded-tables':
      return `stage ${why.stage} has ${why.format} tables, which are not decoded`;
    case 'undecoded-indirection':
      return 'stage 2 uses permission indirection, which is not decoded';
  }
}

/** Null for what is mapped or passes. */
export function rangeReasonInWords({ kind, why }: Pick<IovaRange, 'kind' | 'why'>): string | null {
  return why === null || kind === 'bypass' ? null : stretchReasonInWords({ kind, why });
}
