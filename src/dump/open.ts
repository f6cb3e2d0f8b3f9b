/** One way in for every kind of dump. */

import { InputError } from '../errors.ts';
import { noProgress, type Progress } from '../progress.ts';
import {
  containerTitle,
  INPUT_FORMATS,
  type InputFormat,
  openContainer,
  type Unwrapped,
  unwrap,
} from './containers.ts';
import { type Dump, type DumpContents, PAGE_SIZES } from './dump.ts';
import { type DumpName, type LoadMapEntry, parseDumpName, partsFromLoadMap, partsFromNames } from './load-map.ts';
import { isDumpInfo, loadDumpInfo } from './qualcomm.ts';
import { openRaw, type RawPart } from './raw.ts';
import { type ByteSource, openFileSource } from './source.ts';

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
  /** Every file that was read, the one of a load map included, by a path that leads to it. */
  readonly paths: readonly string[];
  /** True when a load map was given and something with precedence over it placed the bytes. */
  readonly loadMapIgnored: boolean;
}

type Contents = DumpContents & Pick<OpenedDump, 'loadMapIgnored'>;

/**
 * Opens one dump, which may be several files. A name may carry its load address: `ddr0.bin@0x80000000`.
 * Throws InputError when the files cannot be read, are a container that is not supported, or do not fit together.
 * Close the dump when done; reading is synchronous and happens on demand.
 */
export async function openDump(names: string | readonly string[], options: OpenOptions = {}): Promise<OpenedDump> {
  const sources: ByteSource[] = [];
  const parsed = [names].flat().map(parseDumpName);
  const paths = new Set(parsed.map(({ file }) => file));
  const open = (name: string, path?: string): ByteSource => {
    const source = openFileSource(name, path);
    sources.push(source);
    paths.add(path ?? name);
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
    const contents = await openContents(parsed, options, open);
    return { ...contents, files: sources.map(({ name }) => name), paths: [...paths], close };
  } catch (error) {
    close();
    throw error;
  }
}

async function openContents(
  names: readonly DumpName[],
  options: OpenOptions,
  open: (name: string, path?: string) => ByteSource,
): Promise<Contents> {
  const { base, pageSize, inputFormat, progress = noProgress } = options;
  const [only, another] = names;
  if (only !== undefined && another === undefined && isDumpInfo(only.file) && inputFormat === undefined) {
    const loadMap = await loadDumpInfo(only.file);
    const contents = await openContents([], { ...options, loadMap }, open);
    return { ...contents, loadMapIgnored: (options.loadMap ?? []).length > 0 };
  }

  const loadMap = options.loadMap ?? [];
  const files: Unwrapped[] = [];
  for (const { file } of names) files.push(await unwrap(open(file), inputFormat, progress));
  const addressed = base !== undefined || names.some(({ paddr }) => paddr !== undefined);
  const container = await openContainer(files, addressed, pageSize);
  if (container !== null) return { ...container, loadMapIgnored: loadMap.length > 0 };

  const sources = files.map(({ source }) => source);
  if (addressed) {
    const parts = partsFromNames(names, sources, base);
    return { ...openRaw(parts, pageSize, []), loadMapIgnored: loadMap.length > 0 };
  }
  if (loadMap.length > 0) {
    const parts = partsFromLoadMap(loadMap, sources, (name, path) => {
      const source = open(name, path);
      const title = containerTitle(source, inputFormat);
      if (title === null) return source;
      const message = `is ${title}; a load map places raw files (or say --input-format raw)`;
      throw new InputError('usage', message, { file: name });
    });
    return { ...openRaw(parts, pageSize, []), loadMapIgnored: false };
  }
  const [source] = sources;
  if (source === undefined) throw new InputError('usage', 'no dump was named');
  if (sources.length > 1) {
    const message = 'several raw files need addresses, as in ddr0.bin@0x80000000';
    throw new InputError('usage', message, { file: source.name });
  }
  const assumption = { what: 'load address', value: '0x0', why: 'a raw dump without a load map or an address' };
  const part: RawPart = { source, paddr: 0, fileOffset: 0, where: source.name };
  return { ...openRaw([part], pageSize, [assumption]), loadMapIgnored: false };
}
