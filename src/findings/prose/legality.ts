/** Why the hardware refuses an STE or a CD, as phrases. */

import { hex } from '../../hex.ts';
import { fieldOf, meaningOf } from '../../smmu/fields.ts';
import { type FeatureName, featureField } from '../../smmu/registers/hardware-features.ts';
import { CD } from '../../smmu/structures/cd.ts';
import type { EntryField, EntryObserved, EntryRequired, Ground, Wanted } from '../../smmu/structures/requirement.ts';
import { STE } from '../../smmu/structures/ste.ts';
import { enumerated } from '../rules/words.ts';

/** What the field that decides holds, with what that means: `1 (stall)`, `1 with S2T0SZ 20`. */
export function entryObservedInWords(observed: EntryObserved): string {
  const beside = observed.beside.map((other) => {
    const ofSte = other.entry === observed.entry ? '' : ' of the STE';
    return `${other.field}${ofSte} ${other.value}`;
  });
  const value = valueInWords(observed);
  return beside.length === 0 ? value : `${value} with ${beside.join(', ')}`;
}

function valueInWords({ entry, field, value, takenFor }: EntryObserved): string {
  if (typeof value === 'bigint') return hex(value);
  const meaning = takenFor ?? encoded({ entry, field, value });
  return meaning === null ? String(value) : `${value} (${meaning})`;
}

function encoded({ entry, field, value }: EntryField): string | null {
  // That V is 0 needs no words, and those of its table are what is said of it anyway.
  if (field === 'V') return null;
  return meaningOf(fieldOf(entry === 'ste' ? STE : CD, field), Number(value)) ?? null;
}

/** What the hardware requires instead, and why: `at most 20 (IDR1.SSIDSIZE)`, `0: IDR0.HTTU is 1`. */
export function entryRequiredInWords({ wanted, because }: EntryRequired): string {
  return `${wantedInWords(wanted)}${because === null ? '' : groundInWords(because)}`;
}

function wantedInWords(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'value':
      return String(wanted.value);
    case 'at-most':
      return `at most ${wanted.value}`;
    case 'one-of':
      return enumerated(wanted.values, 'or');
    case 'none-of':
      return `neither ${enumerated(wanted.values, 'nor')}`;
    case 'range':
      return `${wanted.min} to ${wanted.max}`;
    case 'other-fields':
      return Object.entries(wanted.fields)
        .map(([field, value]) => `${field} ${value}`)
        .join(' and ');
    case 'address':
      return `an address of ${wanted.bits} bits`;
    case 'intermediate-address':
      return `an intermediate address of ${wanted.bits} bits`;
    case 'no-stage':
      return `no stage ${wanted.stage}`;
    default:
      return NAMED[wanted.kind];
  }
}

const NAMED = {
  'another-value': 'another value',
  'another-granule': 'another granule',
  'linear-table': 'a linear table',
  'el1-stream': 'a stream of EL1',
  'fitting-start-level': 'a start level that fits S2T0SZ and the granule',
};

/** `0, 1 or 2`. */
/** As it goes on behind what is wanted. */
function groundInWords(ground: Ground): string {
  switch (ground.kind) {
    case 'feature':
      return `: ${featureName(ground.feature)} is ${ground.value}`;
    case 'limit':
      return ` (${featureName(ground.feature)})`;
    case 'without-format':
      return `: ${featureName('TTF')} lacks ${ground.format}`;
    case 'without-granule':
      return `: IDR5 has no ${ground.granule}`;
    case 'with-field':
      return ` with ${ground.field} ${ground.value}`;
    case 'with-field-of-ste':
      return `: ${ground.field} of the STE is ${ground.value}`;
    case 'without-field':
      return ` without ${ground.field}`;
    default:
      return CIRCUMSTANCES[ground.kind];
  }
}

const CIRCUMSTANCES = {
  'stage-2-on': ' while stage 2 is on',
  'lpae-stage-2': ': stage 2 is VMSAv8-32 LPAE',
  'el2-stream': ' for a stream of EL2',
  'el2-e2h-stream': ' for a stream of EL2-E2H',
  'non-secure-table': ' in a Non-secure table',
};

/** `IDR0.S1P`. */
function featureName(feature: FeatureName): string {
  const { register, field } = featureField(feature);
  return `${register}.${field}`;
}
