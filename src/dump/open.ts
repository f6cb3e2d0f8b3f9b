/** One way in for every kind of dump. */

import { existsSync } from 'node:fs';
import { InputError } from '../errors.ts';
import { type Dump, PADDR_LIMIT, PAGE_SIZES } from './dump.ts';
import { openElf } from './elf.ts';
import { openRaw, type RawPart } from './raw.ts';
import { recognise } from './recognise.ts';
import { type ByteSource, openFileSource } from './source.ts';

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

export interface OpenOptions {
  /** Read the files as this container, whatever they begin with. */
  readonly inputFormat?: 'raw' | 'elf' | undefined;
  /** Physical address of the first byte of a single raw file. */
  readonly base?: number | undefined;
  /** Where a raw dump's bytes belong; not used when the command line or the container says so itself. */
  readonly loadMap?: readonly LoadMapEntry[] | undefined;
  /** Page size of a dump that does not say. */
  readonly pageSize?: number | undefined;
}

export interface OpenedDump extends Dump {
  /** True when a load map was given and something with precedence over it placed the bytes. */
  readonly loadMapIgnored: boolean;
}

/**
 * Opens one dump, which may be several files. A name may carry its load address: `ddr0.bin@0x80000000`.
 * Throws InputError when the files cannot be read, are a container that is not supported, or do not fit together.
 * Close the dump when done; reading is synchronous and happens on demand.
 */
export async function openDump(names: string | readonly string[], options: OpenOptions = {}): Promise<OpenedDump> {
  const sources: ByteSource[] = [];
  const open = (name: string, path?: string): ByteSource => {
    const source = openFileSource(name, path);
    sources.push(source);
    return source;
  };
  const close = () => {
    for (const source of sources.splice(0)) source.close();
  };
  try {
    if (options.pageSize !== undefined && !PAGE_SIZES.includes(options.pageSize)) {
      throw new InputError('usage', `page size ${options.pageSize}; ${PAGE_SIZES.join(', ')} are possible`);
    }
    return { ...openSources([names].flat().map(parseDumpName), options, open), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface DumpName {
  readonly given: string;
  readonly file: string;
  readonly paddr: number | undefined;
}

/** Splits `file@address`. A file whose name happens to end that way is taken by its whole name. */
export function parseDumpName(given: string): DumpName {
  const match = /^(.+)@(0x[0-9a-f]+|[0-9]+)$/i.exec(given);
  if (match === null || existsSync(given)) return { given, file: given, paddr: undefined };
  const paddr = Number(match[2]);
  if (paddr >= PADDR_LIMIT) throw new InputError('usage', 'the load address is beyond 52 bits', { file: given });
  return { given, file: match[1] as string, paddr };
}

function openSources(
  names: readonly DumpName[],
  options: OpenOptions,
  open: (name: string, path?: string) => ByteSource,
): Omit<OpenedDump, 'close'> {
  const loadMap = options.loadMap ?? [];
  const sources = names.map(({ file }) => open(file));
  const files = names.map(({ file }) => file);

  if (options.inputFormat !== 'raw') {
    for (const [i, source] of sources.entries()) {
      const isElf = options.inputFormat === 'elf' || containerOf(source) === 'elf';
      if (!isElf) continue;
      if (names.length > 1) {
        throw new InputError('usage', 'an ELF core is a whole dump; give it alone', { file: source.name });
      }
      if (names[i]?.paddr !== undefined || options.base !== undefined) {
        const message = 'an ELF core has its own addresses; leave the address away, or say --input-format raw';
        throw new InputError('usage', message, { file: source.name });
      }
      return { ...openElf(source), files, loadMapIgnored: loadMap.length > 0 };
    }
  }

  const addressed = names.filter(({ paddr }) => paddr !== undefined).length;
  if (addressed > 0 || options.base !== undefined) {
    return {
      ...openRaw(partsFromNames(names, sources, options.base), options.pageSize, []),
      files,
      loadMapIgnored: loadMap.length > 0,
    };
  }
  if (loadMap.length > 0) {
    const named = new Map<string, ByteSource>();
    const parts = loadMap.map((entry) => partFromLoadMap(entry, sources, named, options, open));
    if (sources.length > 0 && loadMap.every(({ file }) => file !== undefined)) {
      const message =
        'is not needed: the load map names the file of every range. Leave it away, or give it an @address';
      throw new InputError('usage', message, { file: files[0] as string });
    }
    const all = [...files, ...[...named.values()].map(({ name }) => name)];
    return { ...openRaw(parts, options.pageSize, []), files: all, loadMapIgnored: false };
  }
  if (sources.length > 1) {
    throw new InputError('usage', 'several raw files need addresses, as in ddr0.bin@0x80000000', {
      file: files[0] as string,
    });
  }
  const [source] = sources;
  if (source === undefined) throw new InputError('usage', 'no dump was named');
  const assumption = { what: 'load address', value: '0x0', why: 'a raw dump without a load map or an address' };
  const part: RawPart = { source, paddr: 0, fileOffset: 0, where: source.name };
  return { ...openRaw([part], options.pageSize, [assumption]), files, loadMapIgnored: false };
}

/** The container's format, or null for raw memory. Throws for one that is known and cannot be read. */
function containerOf(source: ByteSource): 'elf' | null {
  const container = recognise(source);
  if (container === null || container.format === 'elf') return container === null ? null : 'elf';
  const message = `is a ${container.title}, which is not read directly; ${container.advice} (or --input-format raw)`;
  throw new InputError('format', message, { file: source.name });
}

function partsFromNames(
  names: readonly DumpName[],
  sources: readonly ByteSource[],
  base: number | undefined,
): RawPart[] {
  if (base !== undefined && names.length > 1) {
    throw new InputError('usage', '--base places a single file; give each of several its @address');
  }
  return sources.map((source, i) => {
    const name = names[i] as DumpName;
    if (name.paddr !== undefined && base !== undefined) {
      throw new InputError('usage', 'has an @address and --base; one of them is enough', { file: name.given });
    }
    const paddr = name.paddr ?? base;
    if (paddr === undefined)
      throw new InputError('usage', 'has no @address, but another file has', { file: name.given });
    return { source, paddr, fileOffset: 0, where: name.given };
  });
}

function partFromLoadMap(
  { paddr, byteLength, fileOffset, file, where }: LoadMapEntry,
  sources: readonly ByteSource[],
  named: Map<string, ByteSource>,
  options: OpenOptions,
  open: (name: string, path?: string) => ByteSource,
): RawPart {
  if (file === undefined) {
    const [source] = sources;
    if (source === undefined) throw new InputError('usage', 'no dump was named for this range', { place: where });
    if (sources.length > 1) {
      const message = 'could be in any of the dump files; give each an @address, as in ddr0.bin@0x80000000';
      throw new InputError('usage', message, { place: where });
    }
    return { source, paddr, byteLength, fileOffset, where };
  }
  const source = named.get(file.path) ?? open(file.name, file.path);
  if (!named.has(file.path)) {
    if (options.inputFormat !== 'raw' && containerOf(source) !== null) {
      throw new InputError('usage', 'is an ELF core; a load map places raw files (or say --input-format raw)', {
        file: file.name,
      });
    }
    named.set(file.path, source);
  }
  return { source, paddr, byteLength, fileOffset, where };
}
