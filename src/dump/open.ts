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
import { isDumpInfo, loadDumpInfo } from './formats/qualcomm.ts';
import { openRaw, type RawPart } from './formats/raw.ts';
import { type DumpInput, type Input, inputOf } from './inputs.ts';
import { type LoadMapEntry, partsFromLoadMap, partsFromNames } from './load-map.ts';
import type { FindIn } from './part-search.ts';
import { losesMemory } from './problem.ts';
import type { UrlOptions } from './sources/range-request.ts';
import { type ByteSource, openFileSource } from './sources/source.ts';
import { untilFetched } from './sources/until-fetched.ts';

export interface OpenOptions {
  /** Read the files as this container, whatever they begin with. */
  readonly inputFormat?: InputFormat | undefined;
  /** Physical address of the first byte of a single raw file. */
  readonly base?: number | undefined;
  /** Where a raw dump's bytes belong; not used when the command line or the container says so itself. */
  readonly loadMap?: readonly LoadMapEntry[] | undefined;
  /** Page size of a dump that does not say. */
  readonly pageSize?: number | undefined;
  /** How dumps behind URLs are fetched. */
  readonly http?: UrlOptions | undefined;
  /** Hears of long work. */
  readonly progress?: Progress | undefined;
  /** Who else searches a dump of this format; not asked about one that comes over a network. */
  readonly findIn?: ((format: string) => Promise<FindIn | undefined>) | undefined;
}

export interface OpenedDump extends Dump {
  /** Every file of this machine that was read, the one of a load map included, by a path that leads to it. */
  readonly paths: readonly string[];
  /** True when some of its bytes come asynchronously: reads of the dump itself then belong into `untilFetched`. */
  readonly fetched?: boolean;
  /** True when a load map was given and something with precedence over it placed the bytes. */
  readonly loadMapIgnored: boolean;
}

type Contents = DumpContents & Pick<OpenedDump, 'loadMapIgnored'>;

/**
 * Opens one dump, which may be several files: paths, http or https URLs, or objects that read them. A path or a URL may
 * carry its load address: `ddr0.bin@0x80000000`.
 * Throws InputError when the files cannot be read, are a container that is not supported, or do not fit together.
 * Close the dump when done; reading is synchronous and happens on demand.
 */
export async function openDump(
  files: DumpInput | readonly DumpInput[],
  options: OpenOptions = {},
): Promise<OpenedDump> {
  if (options.pageSize !== undefined && !PAGE_SIZES.includes(options.pageSize)) {
    throw new InputError('usage', `page size ${options.pageSize}; ${PAGE_SIZES.join(', ')} are possible`);
  }
  if (options.inputFormat !== undefined && !INPUT_FORMATS.includes(options.inputFormat)) {
    throw new InputError('usage', `input format ${options.inputFormat}; ${INPUT_FORMATS.join(', ')} are possible`);
  }
  const inputs = await Promise.all([files].flat().map((one, i) => inputOf(one, i, options.http ?? {})));
  return untilFetched(() => openInputs(inputs, options));
}

async function openInputs(inputs: readonly Input[], options: OpenOptions): Promise<OpenedDump> {
  const sources: ByteSource[] = [];
  const paths = new Set(inputs.flatMap(({ path }) => path ?? []));
  const opened = (source: ByteSource): ByteSource => {
    sources.push(source);
    return source;
  };
  const openFile = (name: string, path: string): ByteSource => {
    const source = opened(openFileSource(name, path));
    paths.add(path);
    return source;
  };
  const close = () => {
    for (const source of sources.splice(0)) source.close();
  };
  try {
    const reopenable = inputs.map((input) => ({ ...input, open: () => opened(input.open()) }));
    const contents = await openContents(reopenable, options, openFile);
    const fetched = inputs.some(({ answersLater }) => answersLater());
    const { progress } = options;
    const findIn = fetched ? undefined : await options.findIn?.(contents.format);
    const assumptions = [...contents.assumptions, ...sources.flatMap((source) => source.assumptions ?? [])];
    const files = sources.map(({ name }) => name);
    return {
      files,
      paths: [...paths],
      fetched,
      progress,
      findIn,
      close,
      ...contents,
      assumptions,
      get complete() {
        return contents.problems.some(losesMemory) ? false : contents.complete;
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function openContents(
  inputs: readonly Input[],
  options: OpenOptions,
  openFile: (name: string, path: string) => ByteSource,
): Promise<Contents> {
  const { base, pageSize, inputFormat, progress = noProgress } = options;
  const [only, another] = inputs;
  const path = another === undefined ? (only?.path ?? null) : null;
  if (path !== null && isDumpInfo(path) && inputFormat === undefined) {
    const loadMap = await loadDumpInfo(path);
    const contents = await openContents([], { ...options, loadMap }, openFile);
    return { ...contents, loadMapIgnored: (options.loadMap ?? []).length > 0 };
  }

  const loadMap = options.loadMap ?? [];
  const files: Unwrapped[] = [];
  for (const input of inputs) files.push(await unwrap(input.open(), inputFormat, progress));
  const addressed = base !== undefined || inputs.some(({ paddr }) => paddr !== undefined);
  const container = await openContainer(files, addressed, pageSize);
  if (container !== null) return { ...container, loadMapIgnored: loadMap.length > 0 };

  const sources = files.map(({ source }) => source);
  if (addressed) {
    const parts = partsFromNames(inputs, sources, base);
    return { ...openRaw(parts, pageSize, []), loadMapIgnored: loadMap.length > 0 };
  }
  if (loadMap.length > 0) {
    const parts = partsFromLoadMap(loadMap, sources, (name, file) => {
      const source = openFile(name, file);
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
  const assumption = { kind: 'load-address', paddr: 0 } as const;
  const part: RawPart = { source, paddr: 0, fileOffset: 0, where: source.name };
  return { ...openRaw([part], pageSize, [assumption]), loadMapIgnored: false };
}
