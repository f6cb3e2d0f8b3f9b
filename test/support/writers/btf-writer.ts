/** Writes BTF: the types of a made kernel or module, from a table of structures with explicit offsets. */

/** A member: name ('' for an anonymous one), byte offset, type; a bit field also its place in bits. */
export type MemberSpec = readonly [
  name: string,
  offset: number,
  type: string,
  bits?: readonly [lsb: number, width: number],
];

export interface StructSpec {
  readonly byteLength: number;
  readonly members: readonly MemberSpec[];
  /** 'union', or 'anonymous' for a structure without a name. */
  readonly form?: 'union' | 'anonymous';
}

/** Structures by name. A second one of a name has a `#` and something behind it, which is not written. */
export type StructSpecs = Readonly<Record<string, StructSpec>>;

export const SCALARS: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 };

export interface BtfOptions {
  /** What this is split from. */
  readonly base?: WrittenBtf;
  /** Adds the section with the sizes of records, and a type of a kind that no reader knows. */
  readonly withLayout?: boolean;
  /** Adds one type of each kind that carries no structure: enumerations, functions, tags. */
  readonly withOtherKinds?: boolean;
}

export interface WrittenBtf {
  readonly bytes: Buffer;
  readonly ids: ReadonlyMap<string, number>;
  readonly strings: ReadonlyMap<string, number>;
  readonly endId: number;
  readonly stringByteLength: number;
}

export function writeBtf(specs: StructSpecs, { base, withLayout, withOtherKinds }: BtfOptions = {}): WrittenBtf {
  const firstString = base?.stringByteLength ?? 0;
  const strings = new Map<string, number>();
  // A split section has no empty string of its own.
  const texts: Buffer[] = base === undefined ? [Buffer.from([0])] : [];
  let stringByteLength = texts.length;
  const string = (text: string): number => {
    if (text === '') return 0;
    const known = base?.strings.get(text) ?? strings.get(text);
    if (known !== undefined) return known;
    const offset = firstString + stringByteLength;
    strings.set(text, offset);
    texts.push(Buffer.from(`${text}\0`));
    stringByteLength += text.length + 1;
    return offset;
  };
  const ids = new Map<string, number>();
  const records: Buffer[] = [];
  let nextId = base?.endId ?? 1;
  const add = (
    name: string,
    kind: number,
    vlen: number,
    sizeOrType: number,
    extra: readonly number[] = [],
    flag = 0,
  ) => {
    records.push(words([string(name), (flag << 31) | (kind << 24) | vlen, sizeOrType, ...extra]));
    return nextId++;
  };
  const idOf = (type: string): number => {
    const known = base?.ids.get(type) ?? ids.get(type);
    if (known !== undefined) return known;
    throw new Error(`no type ${type} was written yet`);
  };
  if (base === undefined) {
    for (const [name, size] of Object.entries(SCALARS)) ids.set(name, add(name, 1, 0, size, [size * 8]));
    ids.set('void*', add('', 2, 0, 0));
    // Qualifiers and names around a type, to be looked through: const volatile, with a name.
    ids.set('wrapped', add('wrapped_t', 8, 0, add('', 10, 0, add('', 9, 0, ids.get('u32') as number))));
  }
  if (withOtherKinds) {
    add('colour', 6, 2, 4, [string('red'), 0, string('green'), 1]);
    add('wide', 19, 1, 8, [string('huge'), 0, 1]);
    const proto = add('', 13, 1, 0, [string('argument'), idOf('u32')]);
    add('function', 12, 1, proto);
    const variable = add('variable', 14, 0, idOf('u32'), [1]);
    add('.data..percpu', 15, 1, 4, [variable, 0, 4]);
    add('double', 16, 0, 8);
    add('tag', 17, 0, variable, [0xffff_ffff]);
    add('user', 18, 0, idOf('u32'));
    add('forward', 7, 0, 0);
    add('', 3, 0, 0, [idOf('u8'), idOf('u32'), 16]);
  }
  if (withLayout) add('unheard_of', 42, 3, 0, [1, 2, 3, 4]);
  for (const [key, { byteLength, members, form }] of Object.entries(specs)) {
    const isBitfields = members.some(([, , , bits]) => bits !== undefined);
    const extra = members.flatMap(([name, offset, type, bits]) => [
      string(name),
      idOf(type),
      isBitfields ? ((bits?.[1] ?? 0) << 24) | (8 * offset + (bits?.[0] ?? 0)) : 8 * offset,
    ]);
    const name = form === 'anonymous' ? '' : (key.split('#')[0] as string);
    ids.set(key, add(name, form === 'union' ? 5 : 4, members.length, byteLength, extra, isBitfields ? 1 : 0));
  }
  const types = Buffer.concat(records);
  const text = Buffer.concat(texts);
  const sizes = withLayout ? layoutSection() : Buffer.alloc(0);
  // With the new header, the sizes stand between types and strings: nobody may take these to be neighbours.
  const headerByteLength = withLayout ? 32 : 24;
  const header = words([
    0x0001_eb9f,
    headerByteLength,
    0,
    types.length,
    types.length + sizes.length,
    text.length,
    ...(withLayout ? [types.length, sizes.length] : []),
  ]);
  return {
    bytes: Buffer.concat([header, types, sizes, text]),
    ids,
    strings,
    endId: nextId,
    stringByteLength: text.length,
  };
}

/** For kinds 0 to 42; only that of the last is asked for: 4 bytes, and 4 for each of its three. */
function layoutSection(): Buffer {
  const section = Buffer.alloc(4 * 43);
  section[4 * 42] = 4;
  section[4 * 42 + 1] = 4;
  return section;
}

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, 4 * i);
  return bytes;
}
