/** Where the bytes of raw dumps belong: by the command line, by a load map, or by assumption. */

import { existsSync } from 'node:fs';
import { onDisk, realPath } from '../byte-names.ts';
import { InputError } from '../errors.ts';
import { hex } from '../hex.ts';
import { PADDR_LIMIT } from './dump.ts';
import type { RawPart } from './formats/raw.ts';
import type { ByteSource } from './sources/source.ts';
import { isUrl, shownUrl } from './sources/url.ts';

/** One stretch of a raw dump as a load map gives it; see `memory` in the snapshot format. */
export interface LoadMapEntry {
  readonly paddr: number;
  readonly byteLength?: number | undefined;
  readonly fileOffset: number;
  /** The file, as the load map names it and as it can be opened; the dump itself when left out. */
  readonly file?: { readonly name: string; readonly path: string } | undefined;
  /** Where the entry stands, for messages: `memory[0]`. */
  readonly where: string;
}

/** A dump file as named on the command line, which may carry its load address. */
export interface DumpName {
  /** For messages. */
  readonly given: string;
  /** A path or a URL. */
  readonly file: string;
  readonly paddr: number | undefined;
}

/** Hexadecimal with 0x, or with as many digits as an address has and a letter among them; or decimal. */
const ADDRESSED = /^(.+)@(0x[0-9a-f]+|[0-9]+|(?=[0-9]*[a-f])[0-9a-f]{8,})$/i;
/** Memory begins with a page. */
const PAGE_BYTE_LENGTH = 4096;

/** The dumps that one argument names: crash takes several as `a.bin@0x40000000,b.bin@0xc0000000`. */
export function dumpNamesIn(text: string): string[] {
  if (isUrl(text) || existsSync(onDisk(text))) return [text];
  const names = text.split(/(?<=@[0-9a-fx]+),/i);
  return names.every((name) => ADDRESSED.test(name)) ? names : [text];
}

/** Splits `file@address`. A file whose name happens to end that way is taken by its whole name. */
export function parseDumpName(name: string): DumpName {
  const [, file, address = ''] = ADDRESSED.exec(name) ?? [];
  const given = isUrl(name) ? shownUrl(name) : name;
  // In front of its path, what stands behind the @ of a URL is its host.
  const whole = file === undefined || (isUrl(name) ? !/^https?:\/\/[^/?#]*\//i.test(file) : existsSync(onDisk(name)));
  if (whole) return { given, file: name, paddr: undefined };
  const paddr = addressIn(address);
  if (paddr === null) {
    throw new InputError('usage', `${address} ${mayBeEither(address, '@')}`, { file: given });
  }
  if (paddr >= PADDR_LIMIT) throw new InputError('usage', 'the load address is beyond 52 bits', { file: given });
  return { given: isUrl(file) ? `${shownUrl(file)}@${address}` : given, file, paddr };
}

/** Null for digits that are the address of a page only in hexadecimal, which is how other tools take them. */
export function addressIn(text: string): number | null {
  if (/^0x|[a-f]/i.test(text)) return Number.parseInt(text, 16);
  const isOfPage = (value: number) => value % PAGE_BYTE_LENGTH === 0;
  return isOfPage(Number(text)) || !isOfPage(Number.parseInt(text, 16)) ? Number(text) : null;
}

/** What is said of such digits; `lead` is what stands in front of an address there. */
export function mayBeEither(digits: string, lead: '' | '@'): string {
  return `may be hexadecimal or decimal: write ${lead}0x${digits} or ${lead}${hex(Number(digits))}`;
}

/** One part for each file, placed by its @address, or a single one by --base. */
export function partsFromNames(
  names: readonly DumpName[],
  sources: readonly ByteSource[],
  base: number | undefined,
): RawPart[] {
  if (names.length === 0) throw new InputError('usage', 'no dump was named for --base');
  if (base !== undefined && names.length > 1) {
    throw new InputError('usage', '--base places a single file; give each of several its @address');
  }
  return sources.map((source, i) => {
    const { given, paddr } = names[i] as DumpName;
    if (paddr !== undefined && base !== undefined) {
      throw new InputError('usage', 'has an @address and --base; one of them is enough', { file: given });
    }
    const at = paddr ?? base;
    if (at === undefined) throw new InputError('usage', 'has no @address, but another file has', { file: given });
    return { source, paddr: at, fileOffset: 0, where: given };
  });
}

/**
 * The parts of a load map. Its files are opened with `open`, unless they were named on the command line too; an entry
 * without a file is about the one file of the command line that no entry names.
 */
export function partsFromLoadMap(
  loadMap: readonly LoadMapEntry[],
  sources: readonly ByteSource[],
  open: (name: string, path: string) => ByteSource,
): RawPart[] {
  const real = (path: string) => (existsSync(onDisk(path)) ? realPath(path) : path);
  const byPath = new Map(sources.map((source) => [real(source.name), source]));
  const named = new Set<ByteSource>();
  const fileOf = ({ name, path }: { name: string; path: string }): ByteSource => {
    const source = byPath.get(real(path)) ?? open(name, path);
    byPath.set(real(path), source);
    named.add(source);
    return source;
  };
  const found = loadMap.map(({ file }) => (file === undefined ? undefined : fileOf(file)));
  const unnamed = sources.filter((source) => !named.has(source));
  const [itself] = unnamed;
  if (itself !== undefined && !found.includes(undefined)) {
    const message = 'is not needed: the load map names the file of every range. Leave it away, or give it an @address';
    throw new InputError('usage', message, { file: itself.name });
  }
  return loadMap.map(({ paddr, byteLength, fileOffset, where }, i) => {
    const source = found[i] ?? itself;
    if (source === undefined)
      throw new InputError(
        'usage',
        'no dump was named for this range: name it behind the command, or as "file" of the range',
        { place: where },
      );
    if (found[i] === undefined && unnamed.length > 1) {
      const message = 'could be in any of the dump files; give each an @address, as in ddr0.bin@0x80000000';
      throw new InputError('usage', message, { place: where });
    }
    return { source, paddr, byteLength, fileOffset, where };
  });
}
