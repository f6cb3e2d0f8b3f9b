/** Writes flattened device trees, version 17: Devicetree Specification 0.4, chapter 5. */

/** A text with its NUL, a list of texts, cells, bytes, or nothing. */
export type Value = string | readonly string[] | readonly number[] | Buffer | true;

export interface WrittenNode {
  readonly [name: string]: Value | WrittenNode;
}

/** What the root of every tree says, where a test says nothing else. */
const ROOT: WrittenNode = { '#address-cells': [2], '#size-cells': [1] };

/** Keys with an object are nodes, all others properties. */
export function deviceTree(root: WrittenNode): Buffer {
  const strings = new Map<string, number>();
  let stringsLength = 0;
  const nameOffset = (name: string) => {
    const known = strings.get(name) ?? stringsLength;
    if (!strings.has(name)) stringsLength += name.length + 1;
    strings.set(name, known);
    return known;
  };
  const nodeBytes = (name: string, node: WrittenNode): Buffer[] => {
    const entries = Object.entries(node);
    const properties = entries.flatMap(([key, value]) => {
      if (isNode(value)) return [];
      const bytes = valueBytes(value);
      return [cells([3, bytes.length, nameOffset(key)]), padded(bytes)];
    });
    const children = entries.flatMap(([key, value]) => (isNode(value) ? nodeBytes(key, value) : []));
    return [cells([1]), padded(Buffer.from(`${name}\0`)), ...properties, ...children, cells([2])];
  };
  const structure = Buffer.concat([...nodeBytes('', { ...ROOT, ...root }), cells([9])]);
  const text = Buffer.from([...strings.keys()].map((name) => `${name}\0`).join(''));
  const structureAt = 40 + 16;
  const total = structureAt + structure.length + text.length;
  const header = [0xd00dfeed, total, structureAt, structureAt + structure.length, 40, 17, 16, 0];
  return Buffer.concat([cells([...header, text.length, structure.length]), Buffer.alloc(16), structure, text]);
}

function isNode(value: Value | WrittenNode): value is WrittenNode {
  return typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function valueBytes(value: Value): Buffer {
  if (value === true) return Buffer.alloc(0);
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string') return Buffer.from(`${value}\0`);
  const [first] = value;
  if (typeof first === 'string') return Buffer.from(value.map((text) => `${text}\0`).join(''));
  return cells(value as readonly number[]);
}

export function cells(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
