/** What becomes of an SMMU and of its devices, in the words that all reports use. */

import type { DeviceFate, RegisterDoubt } from '../../../adopt/devices/fate.ts';
import type { Verdict } from '../../../adopt/emulate.ts';
import type { DeviceReport } from '../../../inspect/emulation/outcome.ts';
import type { SmmuReport } from '../../../inspect/inspection.ts';
import { assumptionInWords } from '../assumptions.ts';
import { grouped } from '../quantities.ts';
import type { Tone } from '../tone.ts';

interface Words {
  readonly tone: Tone;
  readonly text: string;
}

const ADOPTION_WORDS: Readonly<Record<Verdict, Words>> = {
  adopted: { tone: 'good', text: 'Adopted' },
  fallback: { tone: 'bad', text: 'Falls back to a full reset' },
  'never-programmed': { tone: 'bad', text: 'Fails and goes on with a table that is never programmed' },
  'probe-fails': { tone: 'bad', text: 'The probe of the SMMU fails' },
  'not-attempted': { tone: 'warn', text: 'Adoption not attempted' },
  indeterminate: { tone: 'unknown', text: 'Cannot be told from this dump' },
  panic: { tone: 'bad', text: 'The kdump kernel dies in the adoption' },
};

const THEN = {
  'kernel-dies': { tone: 'bad', text: 'then the kdump kernel dies' },
  'smmu-lost': { tone: 'bad', text: 'then the whole SMMU is lost' },
  'probe-fails': { tone: 'bad', text: 'then the probe of the SMMU fails for want of memory' },
  unknown: { tone: 'unknown', text: 'then what becomes of it cannot be told' },
} as const satisfies Readonly<Record<string, Words>>;

/** The headline in its parts: how the adoption ends, its errno name where it fails with one, and what comes after. */
export interface FateWords {
  readonly adoption: Words;
  readonly errno: string | null;
  readonly next: Words | null;
  /** What the verdict takes for granted: `CR0.SMMUEN = 1`. Null where it takes nothing. */
  readonly assuming: string | null;
}

/** Fields that decide whether an adoption is attempted at all. */
const GATE_FIELDS: readonly string[] = ['CR0.SMMUEN', 'IDR0.COHACC'];

/** What becomes of an SMMU in the end, and what that rests on. */
export function fateInWords({
  fate,
  adoption,
  assumptions,
}: Pick<SmmuReport, 'fate' | 'adoption' | 'assumptions'>): FateWords {
  const { kind, after } = fate;
  const { doubt, verdict, errno } = adoption;
  const assumed = assumptions.filter(
    ({ what }) => what.kind === 'field' && GATE_FIELDS.includes(`${what.register}.${what.field}`),
  );
  return {
    adoption: doubt === null ? ADOPTION_WORDS[verdict] : { tone: 'unknown', text: doubtfulInWords(doubt) },
    errno,
    next: after === null || !(kind in THEN) ? null : THEN[kind as keyof typeof THEN],
    assuming:
      assumed.length === 0
        ? null
        : assumed
            .map(assumptionInWords)
            .map(({ what, value }) => `${what} = ${value}`)
            .join(', '),
  };
}

function doubtfulInWords(doubt: RegisterDoubt): string {
  return doubt === 'all-zero' || doubt === 'all-ones'
    ? 'Cannot be told: nobody answered when these registers were read'
    : "Cannot be told: these registers are of after the kdump kernel's probe";
}

/** The worse of the two: what the whole is to be taken for. */
export function fateTone({ adoption, next }: FateWords): Tone {
  return next?.tone ?? adoption.tone;
}

export const DEVICE_FATES: Readonly<Record<DeviceFate['kind'], Words>> = {
  accepted: { tone: 'good', text: 'accepted' },
  refused: { tone: 'bad', text: 'refused' },
  'kernel-dies': { tone: 'bad', text: 'at which the kernel dies' },
  'never-asked': { tone: 'plain', text: 'never asked' },
  unknown: { tone: 'unknown', text: 'that cannot be told' },
};

/**
 * `2 accepted (1 with the attach deferred), 0 refused, 3 never asked`: other kinds than the first two if there are any.
 * That none is refused is not said where it is not known.
 */
export function deviceCountsInWords(devices: readonly DeviceReport[]): string {
  const deferred = devices.filter((device) => device.fate === 'accepted' && device.deferred === true).length;
  const countOf = (kind: string) => devices.filter(({ fate }) => fate === kind).length;
  const always = countOf('unknown') === 0 ? ['accepted', 'refused'] : ['accepted'];
  return Object.entries(DEVICE_FATES)
    .map(([kind, { text }]) => {
      const count = countOf(kind);
      const aside = kind === 'accepted' ? ` (${grouped(deferred)} with the attach deferred)` : '';
      return count > 0 || always.includes(kind) ? `${grouped(count)} ${text}${aside}` : null;
    })
    .filter((part) => part !== null)
    .join(', ');
}
