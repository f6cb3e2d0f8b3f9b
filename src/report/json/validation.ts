/** The shape of `regs validate`: what a register snapshot says, and what is to be said about it. */

import { namesInWords } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import type { ValidatedSmmu, ValidatedSnapshot } from '../../inspect/emulation/register-outlook.ts';
import {
  choice,
  count,
  define,
  derived,
  flag,
  list,
  mapOf,
  mapped,
  matching,
  nullable,
  object,
  type Shape,
  said,
  text,
  variants,
  way,
} from '../../shape.ts';
import type { FieldValue } from '../../smmu/fields.ts';
import { PROVENANCES } from '../../snapshot/snapshot.ts';
import type { ExplainedField, ExplainedRegister, ExplainedSnapshot } from '../../snapshot/validate/explain.ts';
import type { Missing } from '../../snapshot/validate/missing.ts';
import type { Remark } from '../../snapshot/validate/remark.ts';
import { hexText as registerHex } from '../../snapshot/values.ts';
import { assumedValueInWords, choiceInWords, costInWords } from '../prose/assumptions.ts';
import { strikingInWords } from '../prose/remarks.ts';
import { REGISTER_OUTLOOK } from './parts/register-outlook.ts';

const hexText = matching(/^0x[0-9a-f]+$/);

const remark = define(
  'remark',
  'Something that is striking',
  object<Remark>()({
    severity: ['unusable: the snapshot cannot be used', choice('unusable', 'warning', 'note')],
    what: ['What is striking', said(strikingInWords)],
  }),
);

const missing = define(
  'missing',
  'Something that the snapshot lacks',
  object<Missing>()({
    what: ['Registers, or what else is missing', said(namesInWords)],
    cost: ['What that costs', derived(text, costInWords)],
    assumed: [
      'Values that are taken in their stead',
      list(
        object<Missing['assumed'][number]>()({
          field: ['The field', text],
          value: ['The value', said(assumedValueInWords)],
          why: ['Why this one', derived(text, ({ choice }) => choiceInWords(choice))],
        }),
      ),
    ],
  }),
);

const value: Shape<FieldValue> = variants<FieldValue>(
  way((one): one is number => typeof one === 'number', count),
  way((one): one is bigint => typeof one === 'bigint', mapped(hexText, hex)),
);

/** With all digits of the register. */
const bitsOf = (key: 'known' | 'reserved') =>
  derived(nullable(hexText), (register: ExplainedRegister) => {
    const bits = register[key];
    return bits === null ? null : registerHex(bits, register.byteLength);
  });

const field = object<ExplainedField>()({
  value: ['An address as hex text, everything else an integer', value],
  meaning: ['What the field is about', text],
  says: ['What this value means, where the architecture enumerates them', nullable(text)],
});

const register = define(
  'register',
  'A register that the snapshot has',
  object<ExplainedRegister>()({
    value: ['Its value', derived(hexText, ({ value: bits, byteLength }) => registerHex(bits, byteLength))],
    offset: ['Offset from register page 0', mapped(hexText, hex)],
    meaning: ['What it is about', text],
    how: ['How its value is known', choice(...PROVENANCES)],
    known: ['The mask of the bits that are known; null for all of them', bitsOf('known')],
    fields: ['Its fields by name, those that are known', mapOf(null, field)],
    reserved: ['Bits that are set and that no field names; null for none', bitsOf('reserved')],
  }),
);

const smmu = define(
  'smmu',
  'One SMMU',
  object<ValidatedSmmu>()({
    name: ['As the snapshot calls it', text],
    base: ['Address of register page 0', nullable(mapped(hexText, hex))],
    firmwareCoherent: ['What the snapshot says of coherency', nullable(flag)],
    remarks: ['What is striking', list(remark)],
    missing: ['What the snapshot lacks', list(missing)],
    registers: ['The registers by name', mapOf(null, register)],
    outlook: [
      'What follows for a kdump; null where the registers cannot be those of a working SMMU',
      nullable(REGISTER_OUTLOOK),
    ],
  }),
);

export const VALIDATION: Shape<ValidatedSnapshot> = object<ValidatedSnapshot>()({
  schemaVersion: ['Version of this format', choice(1)],
  file: ['The snapshot, as the user named it', text],
  usable: ['Whether the other commands can use it', flag],
  captured: ['When the registers were read', choice('running', 'before-kdump-probe', 'after-kdump-probe', 'unknown')],
  remarks: ['What is striking about the snapshot as a whole', list(remark)],
  unknown: [
    'Names in the file that are no register',
    list(
      object<ExplainedSnapshot['unknown'][number]>()({
        place: ['Where it stands', text],
        register: ['The name', text],
      }),
    ),
  ],
  smmus: ['The SMMUs', list(smmu)],
});
