/** One way in for every kind of dump. */

import { InputError } from '../errors.ts';
import type { Progress } from '../progress.ts';
import { type Dump, PAGE_SIZES } from './dump.ts';
import { openElf } from './elf.ts';
import { type DumpName, type LoadMapEntry, parseDumpName, partsFromLoadMap, partsFromNames } from './load-map.ts';
import { openRaw, type RawPart } from './raw.ts';
import { recognise } from './recognise.ts';
import { type ByteSource, openFileSource } from './source.ts';

/** Containers that a user can name instead of having them recognised. */
export const INPUT_FORMATS = ['raw', 'elf'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

export interface OpenOptions {
  /** Read the files as this container, whatever they begin with. */
  readonly inputFormat?: InputFormat | undefined;
  /** Physical address of the first byte of a single raw file. */
  readonly base?: number | undefined;
  /** Where a raw dump's bytes belong; not used when the command line or the container says so itself. */
  readonly loadMap?: readonly LoadMapEntry[] | undefined;
  /** Page size of a dump that does not say. */
  readonly pageSize?: number | undefined;
  /** Hears of long work. */
  readonly progress?: Progress | undefined;
}

export interface OpenedDump extends Dump {
  /** True when a load map was given and something with precedence over it placed the bytes. */
  readonly loadMapIgnored: boolean;
}

/** A dump before the files around it are known. */
type Contents = Omit<OpenedDump, 'files' | 'close'>;

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
    if (options.inputFormat !== undefined && !INPUT_FORMATS.includes(options.inputFormat)) {
      throw new InputError('usage', `input format ${options.inputFormat}; ${INPUT_FORMATS.join(', ')} are possible`);
    }
    const contents = openContents([names].flat().map(parseDumpName), options, open);
    return { ...contents, files: sources.map(({ name }) => name), close };
  } catch (error) {
    close();
    throw error;
  }
}

function openContents(
  names: readonly DumpName[],
  options: OpenOptions,
  open: (name: string, path?: string) => ByteSource,
): Contents {
  const loadMap = options.loadMap ?? [];
  const sources = names.map(({ file }) => open(file));
  const elf = sources.find((source) => formatOf(source, options) === 'elf');
  if (elf !== undefined) {
    refuseBesideElf(elf, names, options);
    return { ...openElf(elf, options.pageSize), loadMapIgnored: loadMap.length > 0 };
  }

  if (options.base !== undefined || names.some(({ paddr }) => paddr !== undefined)) {
    const parts = partsFromNames(names, sources, options.base);
    return { ...openRaw(parts, options.pageSize, []), loadMapIgnored: loadMap.length > 0 };
  }
  if (loadMap.length > 0) {
    const parts = partsFromLoadMap(loadMap, sources, (name, path) => {
      const source = open(name, path);
      if (formatOf(source, options) === 'raw') return source;
      const message = 'is an ELF core; a load map places raw files (or say --input-format raw)';
      throw new InputError('usage', message, { file: name });
    });
    return { ...openRaw(parts, options.pageSize, []), loadMapIgnored: false };
  }
  const [source, another] = sources;
  if (source === undefined) throw new InputError('usage', 'no dump was named');
  if (another !== undefined) {
    const message = 'several raw files need addresses, as in ddr0.bin@0x80000000';
    throw new InputError('usage', message, { file: source.name });
  }
  const assumption = { what: 'load address', value: '0x0', why: 'a raw dump without a load map or an address' };
  const part: RawPart = { source, paddr: 0, fileOffset: 0, where: source.name };
  return { ...openRaw([part], options.pageSize, [assumption]), loadMapIgnored: false };
}

/** What to read a file as. Throws for a container that is known and cannot be read: it is never raw silently. */
function formatOf(source: ByteSource, { inputFormat }: OpenOptions): InputFormat {
  if (inputFormat !== undefined) return inputFormat;
  const container = recognise(source);
  if (container === null) return 'raw';
  if (container.format === 'elf') return 'elf';
  const message = `is a ${container.title}, which is not read directly; ${container.advice} (or --input-format raw)`;
  throw new InputError('format', message, { file: source.name });
}

function refuseBesideElf({ name: file }: ByteSource, names: readonly DumpName[], { base }: OpenOptions): void {
  if (names.length > 1) throw new InputError('usage', 'an ELF core is a whole dump; give it alone', { file });
  if (names.some(({ paddr }) => paddr !== undefined) || base !== undefined) {
    const message = 'an ELF core has its own addresses; leave the address away, or say --input-format raw';
    throw new InputError('usage', message, { file });
  }
}
