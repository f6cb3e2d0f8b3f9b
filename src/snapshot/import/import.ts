/**
 * `smmu-adopt regs import`: whatever people have of an SMMU's registers, made into a snapshot. Nothing is guessed: what
 * was not read stays out, what contradicts itself is refused, and what was passed over is said.
 */

import { InputError } from '../../errors.ts';
import { hex } from '../../hex.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import { parseSnapshot } from '../load.ts';
import type { CaptureMoment, SmmuSnapshot } from '../snapshot.ts';
import { type Missing, missingRegisters } from '../validate/missing.ts';
import { plausibility, unreadable } from '../validate/plausibility.ts';
import { type Remark, unreadableInWords } from '../validate/remark.ts';
import { hexText } from '../values.ts';
import { Assembly } from './assemble.ts';
import { contentOf } from './content.ts';
import { FORMATS, type Format, formatOf } from './formats.ts';
import { noteInWords } from './note-words.ts';
import { type Note, Notes } from './notes.ts';
import type { Content, Target } from './reading.ts';
import { type NoteReason, whyInWords } from './reasons.ts';
import { SMMU_BYTES } from './register-map.ts';
import type { Found } from './register-values.ts';

/** What somebody has of registers, and from where. */
export interface ImportInput {
  readonly content: Content;
  /** The SMMU that all of it is about, for content that has no addresses. */
  readonly base?: number | undefined;
}

export interface ImportOptions {
  readonly targets: readonly Target[];
  /** When the registers were read; `unknown` when left out. */
  readonly captured?: CaptureMoment | undefined;
  /** What firmware says of coherency. */
  readonly coherent?: boolean | undefined;
  /** Name of the format to read every input as, whatever it looks like. */
  readonly format?: string | undefined;
}

export interface Imported {
  /** The snapshot as a JSON file holds it: `parseSnapshot` takes it. */
  readonly snapshot: object;
  /** What was passed over, left out, or taken with a doubt, with the reason and the place of each. */
  readonly passedOver: Notes;
  /** How to read the registers one by one, where blocks of them were read that may hold zeros of nobody. */
  readonly oneByOne: string | null;
  /** What is striking about the registers of each SMMU, and what the missing ones cost. */
  readonly smmus: readonly ImportedSmmu[];
}

export interface ImportedSmmu {
  readonly name: string;
  readonly striking: readonly Remark[];
  readonly missing: readonly Missing[];
}

/**
 * Makes a snapshot of what a debugger, a monitor, a boot loader or a shell printed of registers, as text or bytes, for the
 * SMMUs of `targets`. Throws InputError for input that gives no usable snapshot, and for options that contradict each other.
 */
export function importRegisters(
  given: string | Uint8Array | readonly ImportInput[],
  { targets, captured = 'unknown', coherent, ...options }: ImportOptions,
): Imported {
  const inputs = typeof given === 'string' || given instanceof Uint8Array ? [{ content: unnamed(given) }] : given;
  const bases = targets.map(({ base }) => base);
  checkBases(bases);
  checkFileBases(inputs, targets);
  const notes = new Notes();
  const assembly = new Assembly(bases, notes);
  const formats = inputs.map(({ content, base }) => {
    const format = FORMATS.find(({ name }) => name === options.format) ?? formatOf(content);
    let any = false;
    for (const reading of format.read(content, targets, notes)) {
      any = true;
      assembly.add({ ...reading, file: content.file }, base);
    }
    if (!any) refuseEmpty(content, format, notes);
    return format;
  });

  const found = assembly.finish();
  const files = inputs.map(({ content }) => content.file).join(', ');
  const advice = [...new Set(formats.map(({ oneByOne }) => oneByOne))].join('; or ');
  const smmus = targets.map(({ name, base }) => {
    const values = found.get(base) as Found;
    refuseUnusable(values, `the SMMU at ${hex(base)}`, files, notes, advice);
    return {
      ...(name === undefined ? {} : { name }),
      base: hex(base),
      ...(coherent === undefined ? {} : { firmware: { coherent } }),
      registers: registerTexts(values.registers),
    };
  });
  const source = inputs.map(({ content }, i) => `${baseName(content.file)} (${formats[i]?.title})`).join(', ');
  const snapshot = { version: 1, source: `imported from ${source}`, captured, smmus };
  const parsed = parseSnapshot(snapshot, 'the result');
  const oneByOne = [...found.values()].some(({ doubtful }) => doubtful.length > 0) ? advice : null;
  return { snapshot, passedOver: notes, oneByOne, smmus: parsed.smmus.map(importedSmmu) };
}

/** The architecture puts both pages at a multiple of 64 KiB. */
const BASE_ALIGNMENT = 0x10000;

/** Refuses bases that no SMMUs can have. */
export function checkBases(bases: readonly number[]): void {
  const sorted = [...bases].sort((a, b) => a - b);
  for (const [i, base] of sorted.entries()) {
    if (base % BASE_ALIGNMENT !== 0) {
      throw new InputError('usage', `--base ${hex(base)} is no multiple of 0x10000, as the base of an SMMU is`);
    }
    const next = sorted[i + 1];
    if (next === base) throw new InputError('usage', `--base ${hex(base)} is given twice`);
    if (next !== undefined && next - base < SMMU_BYTES) {
      const both = `${hex(base)} and ${hex(next)}`;
      throw new InputError('usage', `--base ${both}: an SMMU takes 128 KiB, so these overlap`);
    }
  }
}

function unnamed(given: string | Uint8Array): Content {
  return contentOf(typeof given === 'string' ? Buffer.from(given) : given, 'the input');
}

function checkFileBases(inputs: readonly ImportInput[], targets: readonly Target[]): void {
  for (const { content, base } of inputs) {
    if (base !== undefined && !targets.some((target) => target.base === base)) {
      throw new InputError('usage', `is given @${hex(base)}, which no --base names`, { file: content.file });
    }
  }
}

/** What looks like a value and is passed over, the most telling first. */
const SUSPICIOUS: readonly NoteReason[] = [
  ...(['either-base', 'byte-order', 'big-endian', 'cut', 'lost-digit', 'several-values', 'too-wide'] as const),
  ...(['other-smmu', 'damaged-row', 'characters-differ', 'misaligned', 'name-elsewhere', 'written'] as const),
];
/** What is merely no register needs no reason. */
const NO_REGISTER: readonly NoteReason[] = ['unread-line', 'unread-key'];

/** `CR0 (regs.txt: line 3): more than one value`. */
function sayNote(note: Note): string {
  const said = noteInWords(note);
  return NO_REGISTER.includes(note.reason) ? said : `${said}: ${whyInWords(note.reason)}`;
}

function suspect(notes: Notes): string {
  const [first] = SUSPICIOUS.flatMap((reason) => notes.of(reason));
  return first === undefined ? '' : `; passed over: ${sayNote(first)}`;
}

function refuseEmpty({ file }: Content, { title }: Format, notes: Notes): never {
  const [first] = [...SUSPICIOUS, 'unknown-name' as const, ...NO_REGISTER].flatMap((reason) =>
    notes.of(reason).filter((note) => note.file === file),
  );
  const seen = first === undefined ? '' : `; the first thing passed over is ${sayNote(first)}`;
  throw new InputError('snapshot', `holds no register values, read as: ${title}${seen}`, { file });
}

/** Without these there is no table to find. */
const REQUIRED = ['STRTAB_BASE', 'STRTAB_BASE_CFG'];

function refuseUnusable(found: Found, smmu: string, files: string, notes: Notes, advice: string): void {
  const { registers, parts, doubtful } = found;
  const refuse = (message: string): never => {
    throw new InputError('snapshot', message, { file: files, place: smmu });
  };
  if (registers.size + parts.size + doubtful.length === 0) {
    const [outside] = notes.of('outside');
    const there = outside === undefined ? '' : `; there is one at ${noteInWords(outside)}`;
    refuse(`no value lies in its 128 KiB${there}`);
  }
  const fatal = unreadable(registers);
  if (fatal !== null) refuse(`${unreadableInWords(fatal)}; ${advice}`);
  const missing = REQUIRED.filter((name) => !registers.has(name));
  if (missing.length === 0) return;
  const what = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing, so there is no table to find`;
  const [half] = missing.filter((name) => parts.has(name));
  if (doubtful.length > 0) {
    refuse(`${what}: registers were read in blocks, which QEMU answers with zero for those of 32 bits; ${advice}`);
  }
  const given = parts.get(half ?? '') === 'half' ? 'one half' : 'a part';
  const why = half === undefined ? '' : `: ${half} is 64 bits wide, and only ${given} was given`;
  refuse(`${what}${why}${suspect(notes)}`);
}

function registerTexts(registers: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries(
    [...registers].map(([name, value]) => [name, hexText(value, registerNamed(name)?.byteLength ?? 8)]),
  );
}

function importedSmmu(smmu: SmmuSnapshot): ImportedSmmu {
  const striking = plausibility(smmu.registers).filter(({ severity }) => severity === 'warning');
  return { name: smmu.name, striking, missing: missingRegisters(smmu) };
}

/** The result must not depend on the folder in which the command was run. */
function baseName(file: string): string {
  return file.replace(/^.*[/\\]/, '');
}
