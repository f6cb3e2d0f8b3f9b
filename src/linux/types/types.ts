/**
 * Where in a structure of the kernel is a member? Asked by path (`cmdq.q.llq.prod`), answered from BTF, or without it
 * from offsets that have not moved between the kernels that were looked at.
 */

import { Btf, type BtfMember, KIND } from './btf.ts';

export interface Member {
  /** Bytes from the start of the structure. */
  readonly offset: number;
  readonly byteLength: number;
  /** Of a bit field: its place in the little-endian number of these bytes. */
  readonly bits: { readonly lsb: number; readonly width: number } | null;
}

export interface StructLayout {
  readonly byteLength: number;
  /** Null when the structure has no such member, which is not the same as a member that is 0. */
  member(path: string): Member | null;
}

export interface Types {
  readonly source: 'btf' | 'offsets';
  /**
   * A structure by name. Two drivers may call different structures by one name: `having` is a member of the one that is
   * meant.
   */
  struct(name: string, having?: string): StructLayout | null;
}

/** Nesting in real kernels stays below ten; a chain of types that refers to itself ends here. */
const MAX_DEPTH = 64;
/** Members looked at for one path, through all anonymous structures. */
const MAX_VISITS = 10_000;

/**
 * Those of the last dumps, whatever kernel these were of: a fleet's crashes are mostly of a few, and of the same bytes there
 * are the same types. A kernel and its driver's module take two.
 */
const latest: BtfTypes[] = [];
const MOST_KEPT = 4;

export class BtfTypes implements Types {
  readonly source = 'btf';
  readonly btf: Btf;
  readonly #structs = new Map<string, StructLayout | null>();

  constructor(btf: Btf) {
    this.btf = btf;
  }

  /** Those that `bytes` describe, as {@link Btf.parse} reads them; null when they are not well-formed. */
  static in(bytes: Buffer, base: Btf | null = null): BtfTypes | null {
    const known = latest.findIndex(({ btf }) => btf.isOf(bytes, base));
    const [types] = known < 0 ? [] : latest.splice(known, 1);
    if (types !== undefined) {
      latest.push(types);
      return types;
    }
    const btf = Btf.parse(bytes, base);
    if (btf === null) return null;
    const parsed = new BtfTypes(btf);
    latest.push(parsed);
    if (latest.length > MOST_KEPT) latest.shift();
    return parsed;
  }

  struct(name: string, having?: string): StructLayout | null {
    const key = `${name}/${having ?? ''}`;
    let layout = this.#structs.get(key);
    if (layout === undefined) {
      // Of a module's and the kernel's own, the module's is meant: it comes last.
      const layouts = this.btf.structs(name).map((id) => new BtfStruct(this.btf, id));
      layout = layouts.findLast((one) => having === undefined || one.member(having) !== null) ?? null;
      this.#structs.set(key, layout);
    }
    return layout;
  }
}

type Found = Omit<BtfMember, 'name'>;

class BtfStruct implements StructLayout {
  readonly byteLength: number;
  readonly #btf: Btf;
  readonly #id: number;
  readonly #members = new Map<string, Member | null>();

  constructor(btf: Btf, id: number) {
    this.#btf = btf;
    this.#id = id;
    this.byteLength = btf.type(id)?.sizeOrType ?? 0;
  }

  member(path: string): Member | null {
    let member = this.#members.get(path);
    if (member === undefined) {
      member = this.#resolve(path);
      this.#members.set(path, member);
    }
    return member;
  }

  #resolve(path: string): Member | null {
    let id = this.#id;
    let bitOffset = 0;
    let bitWidth = 0;
    const budget = { visits: MAX_VISITS };
    for (const name of path.split('.')) {
      const found = this.#find(id, name, 0, budget);
      if (found === null) return null;
      bitOffset += found.bitOffset;
      ({ bitWidth, type: id } = found);
    }
    const lsb = bitOffset % 8;
    const offset = (bitOffset - lsb) / 8;
    if (bitWidth > 0) {
      return { offset, byteLength: Math.ceil((lsb + bitWidth) / 8), bits: { lsb, width: bitWidth } };
    }
    const byteLength = lsb === 0 ? this.#sizeOf(id) : null;
    return byteLength === null ? null : { offset, byteLength, bits: null };
  }

  /** A member by name, also one of an anonymous structure or union in between. */
  #find(id: number, name: string, depth: number, budget: { visits: number }): Found | null {
    const type = this.#btf.type(this.#bare(id));
    if (type === null || depth > MAX_DEPTH) return null;
    for (const member of type.members) {
      if (--budget.visits < 0) return null;
      if (member.name !== '') {
        if (member.name === name) return member;
        continue;
      }
      const inner = this.#find(member.type, name, depth + 1, budget);
      if (inner !== null) return { ...inner, bitOffset: member.bitOffset + inner.bitOffset };
    }
    return null;
  }

  /** The type without names and qualifiers around it. */
  #bare(id: number): number {
    let bare = id;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const type = this.#btf.type(bare);
      if (type === null || !QUALIFIERS.has(type.kind)) return bare;
      bare = type.sizeOrType;
    }
    return 0;
  }

  #sizeOf(id: number, depth = 0): number | null {
    const type = this.#btf.type(this.#bare(id));
    if (type === null || depth > MAX_DEPTH) return null;
    if (type.kind === KIND.pointer) return 8;
    if (type.element !== null) {
      const each = this.#sizeOf(type.element.type, depth + 1);
      return each === null ? null : each * type.element.count;
    }
    return SIZED.has(type.kind) ? type.sizeOrType : null;
  }
}

const QUALIFIERS: ReadonlySet<number> = new Set([KIND.typedef, KIND.volatile, KIND.const, KIND.restrict, KIND.typeTag]);
const SIZED: ReadonlySet<number> = new Set([KIND.int, KIND.struct, KIND.union, KIND.enum, KIND.float, KIND.enum64]);
