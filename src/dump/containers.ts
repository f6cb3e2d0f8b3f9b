/** The containers that say themselves where their bytes belong, and how each is opened. */

import { InputError } from '../errors.ts';
import type { Progress } from '../progress.ts';
import type { DumpContents } from './dump.ts';
import { UnchartedMemory } from './memory.ts';
import { recognise } from './recognise.ts';
import type { Container } from './signatures.ts';
import type { ByteSource } from './sources/source.ts';

/** What a user can name instead of having it recognised. */
export const INPUT_FORMATS = ['raw', 'elf', 'kdump', 'lime', 'avml'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

interface Reader {
  readonly title: string;
  /** Whether several files can be the parts of one dump. */
  readonly inParts: boolean;
  open(sources: readonly ByteSource[], pageSize: number | undefined): Promise<DumpContents>;
}

/** LiME's and AVML's records may stand in one file, so one reader serves both. */
const openRecords: Reader['open'] = async ([source], pageSize) =>
  (await import('./formats/avml.ts')).openAvml(source as ByteSource, pageSize);

/** Each reader is loaded when a dump needs it, and its parsers with it. */
const READERS: Readonly<Record<Exclude<InputFormat, 'raw'>, Reader>> = {
  elf: {
    title: 'an ELF core',
    inParts: false,
    open: async ([source], pageSize) => (await import('./formats/elf.ts')).openElf(source as ByteSource, pageSize),
  },
  kdump: {
    title: 'a kdump-compressed dump',
    inParts: true,
    open: async (sources, pageSize) => (await import('./kdump/kdump.ts')).openKdump(sources, pageSize),
  },
  lime: { title: 'a LiME dump', inParts: false, open: openRecords },
  avml: { title: 'an AVML dump', inParts: false, open: openRecords },
};

/** A file seen for what it is: the wrapper around it taken off. */
export interface Unwrapped {
  readonly source: ByteSource;
  readonly format: InputFormat;
  readonly flattened: Pick<DumpContents, 'problems' | 'complete'> | null;
}

/**
 * Recognises a file, or takes it for what the user says it is. Throws InputError (`format`) for a container that is
 * known and cannot be read: nothing is ever raw memory silently.
 */
export async function unwrap(
  source: ByteSource,
  inputFormat: InputFormat | undefined,
  progress: Progress,
): Promise<Unwrapped> {
  const found = recognise(source);
  if (inputFormat === 'raw') return { source, format: 'raw', flattened: null };
  if (found?.format !== 'flattened') {
    return { source, format: inputFormat ?? formatOf(source, found), flattened: null };
  }
  const { openFlattened } = await import('./formats/flattened.ts');
  const flattened = openFlattened(source, (done, total) => progress(`rearranging ${source.name}`, done, total));
  const inside = recognise(flattened.source);
  if (inputFormat === undefined && inside?.format !== 'kdump' && inside?.format !== 'elf') {
    const what = inside?.title ?? 'what begins as no dump';
    throw new InputError('format', `is a flattened dump of ${what}; ELF and kdump-compressed ones are read`, {
      file: source.name,
    });
  }
  const format = inputFormat ?? (inside?.format === 'elf' ? 'elf' : 'kdump');
  return { source: flattened.source, format, flattened };
}

function formatOf({ name }: ByteSource, found: Container | null): InputFormat {
  if (found === null) return 'raw';
  const known = INPUT_FORMATS.find((format) => format === found.format);
  if (known !== undefined) return known;
  const message = `is ${found.title}, which is not read as a dump; ${found.advice} (or --input-format raw)`;
  throw new InputError('format', message, { file: name });
}

/** What a file is that ought to be raw memory and is not; null when it is. */
export function containerTitle(source: ByteSource, inputFormat: InputFormat | undefined): string | null {
  const found = inputFormat === 'raw' ? null : recognise(source);
  if (found?.format === 'flattened') return found.title;
  const format = inputFormat ?? formatOf(source, found);
  return format === 'raw' ? null : READERS[format].title;
}

/**
 * Opens one container, or the parts of one; null when all files are raw. Throws InputError when a container is given
 * together with anything else, or with an address.
 */
export async function openContainer(
  files: readonly Unwrapped[],
  addressed: boolean,
  pageSize: number | undefined,
): Promise<DumpContents | null> {
  const container = files.find(({ format }) => format !== 'raw');
  if (container === undefined || container.format === 'raw') return null;
  const { format, source } = container;
  const { title, inParts, open } = READERS[format];
  const file = source.name;
  if (!files.every((one) => one.format === format && (inParts || one.source === source))) {
    throw new InputError('usage', `${title} is a whole dump; give it alone`, { file });
  }
  if (addressed) {
    // What is none has no addresses of its own.
    if (format === 'elf') (await import('./formats/elf-header.ts')).readElfHeader(source);
    const message = `${title} has its own addresses; leave the address away, or say --input-format raw`;
    throw new InputError('usage', message, { file });
  }
  const contents = await open(
    files.map((one) => one.source),
    pageSize,
  );
  const wrappers = files.flatMap(({ flattened }) => flattened ?? []);
  contents.problems.unshift(...wrappers.flatMap(({ problems }) => problems));
  // Of a flattened dump any record may come last, also one that replaces what tells of memory.
  const wrapped = wrappers.every((wrapper) => wrapper.complete);
  const mapComplete = contents.mapComplete && wrapped;
  return {
    ...contents,
    wrapper: wrappers.length > 0 ? 'flattened' : null,
    complete: wrapped ? contents.complete : false,
    mapComplete,
    memory: mapComplete ? contents.memory : new UnchartedMemory(contents.memory),
  };
}
