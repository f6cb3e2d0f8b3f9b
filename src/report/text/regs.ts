/** `smmu-adopt regs validate` as text: whether a snapshot is of use, what is striking, and every field of it. */

import { namesInWords } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import type { ValidatedSmmu, ValidatedSnapshot } from '../../inspect/emulation/register-outlook.ts';
import { isIdRegister } from '../../smmu/registers/registers.ts';
import type { ExplainedRegister } from '../../snapshot/validate/explain.ts';
import type { Missing } from '../../snapshot/validate/missing.ts';
import type { Remark } from '../../snapshot/validate/remark.ts';
import { hexText } from '../../snapshot/values.ts';
import { escaped } from '../escape.ts';
import { costInWords } from '../prose/assumptions.ts';
import { strikingInWords } from '../prose/remarks.ts';
import { registerOutlook } from '../sections/register-outlook.ts';
import { type Cell, strong } from '../sections/section.ts';
import { sectionLines } from './render.ts';
import { INDENT, paintedParagraph, paragraph, type Style, title } from './style.ts';
import { type Column, table } from './table.ts';

export function* regsReport(explained: ValidatedSnapshot, style: Style): Generator<string> {
  for (const line of lines(escaped(explained), style)) yield `${line}\n`;
}

function* lines(snapshot: ValidatedSnapshot, style: Style): Generator<string> {
  const { paint } = style;
  const { file, usable, captured, smmus, unknown } = snapshot;
  const judged = usable ? { text: ' USABLE', paint: paint.green.bold } : { text: ' NOT USABLE', paint: paint.red.bold };
  yield* paintedParagraph(style, '', [{ text: `${file}:`, paint: paint.bold }, judged]);
  yield* paragraph(style, INDENT, `captured: ${captured}; SMMUs: ${smmus.map(({ name }) => name).join(', ')}`);
  for (const one of snapshot.remarks) yield* remarkLines(style, one.severity, strikingInWords(one.what));
  for (const { place, register } of unknown) {
    yield* remarkLines(style, 'warning', `${place}: ${register} is no register's name`);
  }
  for (const smmu of smmus) {
    yield '';
    yield* smmuLines(smmu, style);
  }
}

const BESIDE_A_DUMP =
  "Beside a dump that has the crashed kernel's own state, what its driver noted of ID registers and of coherency is taken instead.";

/** Whether a kernel that is found in a dump beside the snapshot has a word on it. */
function isToldByDump({ what, cost }: Missing): boolean {
  return cost === 'cohacc-for-firmware' || what.some(isIdRegister);
}

function* smmuLines(smmu: ValidatedSmmu, style: Style): Generator<string> {
  const { name, base, firmwareCoherent, missing, registers, outlook } = smmu;
  const coherent = { true: 'coherent', false: 'not coherent', null: 'nothing of coherency' }[String(firmwareCoherent)];
  const at = base === null ? '' : `at ${hex(base)}, `;
  yield* title(style, name, `${at}firmware says ${coherent}`).slice(1);
  for (const one of smmu.remarks) yield* remarkLines(style, one.severity, strikingInWords(one.what));
  if (missing.length > 0) {
    yield* title(style, 'Missing', 'and what that costs');
    yield* table(
      style,
      [
        { title: 'What', yields: 'wrap' },
        { title: 'Costs', yields: 'wrap' },
      ],
      missing.map((one) => [namesInWords(one.what), costInWords(one)]),
    );
    if (missing.some(isToldByDump)) yield* paragraph(style, INDENT, BESIDE_A_DUMP);
  }
  if (outlook !== null) for (const section of registerOutlook(outlook)) yield* sectionLines(style, section);
  yield* title(style, 'Registers', 'with every field');
  const rows = Object.entries(registers).flatMap(([register, explained]) => registerRows(register, explained));
  yield* table(style, COLUMNS, rows);
}

function remarkLines(style: Style, severity: Remark['severity'], text: string): string[] {
  const { paint } = style;
  const colour = { unusable: paint.red, warning: paint.yellow, note: paint.cyan }[severity];
  const label = severity.padEnd('unusable'.length);
  return paragraph(style, `${INDENT}${colour(label)}  `, text);
}

const COLUMNS: readonly Column[] = [
  { title: 'Register' },
  { title: 'Value', align: 'right' },
  { title: 'Says', yields: 'wrap' },
];

/** The register, and indented under it its fields. */
function registerRows(name: string, register: ExplainedRegister): Cell[][] {
  const { meaning, how, known, fields, reserved } = register;
  const inHex = (bits: bigint) => hexText(bits, register.byteLength);
  const rows = Object.entries(fields).map(([field, { value: bits, meaning: what, says }]) => [
    INDENT + field,
    typeof bits === 'bigint' ? hex(bits) : String(bits),
    says === null ? what : `${what}: ${says}`,
  ]);
  const extra =
    reserved === null ? [] : [[`${INDENT}(reserved)`, inHex(reserved), 'Bits that are set, but have no meaning here']];
  const mask = known === null ? '' : `, bits ${inHex(known)} alone`;
  const source = how === 'hardware' ? '' : ` (${how}${mask})`;
  return [[strong(name), inHex(register.value), meaning + source], ...rows, ...extra];
}
