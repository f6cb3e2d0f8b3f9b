/**
 * A made kernel: an image with exported symbols and BTF, page tables, VMCOREINFO, and objects in its linear map. Small,
 * and independent of the code that reads it.
 */

import { type BtfOptions, SCALARS, type StructSpecs, type WrittenBtf, writeBtf } from '../writers/btf-writer.ts';
import { PageTableWriter } from '../writers/page-table-writer.ts';
import { CORE_STRUCTS } from './kernel-structs.ts';
import { MadeMemory } from './made-memory.ts';

export interface MadeKernelOptions {
  readonly release?: string;
  readonly log2PageSize?: 12 | 14 | 16;
  readonly vaBits?: number;
  readonly vaBitsInUse?: number;
  /** Physical address at which RAM starts. */
  readonly ramStart?: number;
  /** Structures of drivers that the kernel's own BTF describes. */
  readonly structs?: StructSpecs;
  /** How BTF is written; null for a kernel without. */
  readonly btf?: BtfOptions | null;
}

/** Distances from the start of RAM. */
const IMAGE = 0x20_0000;
const STEXT = IMAGE + 0x1_0000;
const TEXTS = IMAGE + 0x1_8000;
const KSYMTAB = IMAGE + 0x2_0000;
const KSYMTAB_STRINGS = KSYMTAB + 0x1000;
/** BTF need not begin with a page. */
const BTF = KSYMTAB + 0x2004;
const SWAPPER = IMAGE + 0x6_0000;
const DATA = IMAGE + 0x8_0000;
const IMAGE_END = IMAGE + 0x20_0000;
const TABLES = 0x100_0000;
const LINEAR = 0x200_0000;
const RAM_BYTE_LENGTH = 0x800_0000;

export type Value = bigint | number;

export class MadeKernel {
  readonly memory: MadeMemory;
  readonly vmcoreinfo: Map<string, string>;
  readonly ramStart: number;
  readonly btf: WrittenBtf | null;
  readonly #structs: Record<string, StructSpecs[string]>;
  readonly #pageSize: number;
  readonly #tables: PageTableWriter;
  readonly #linear: bigint;
  readonly #vmalloc: bigint;
  readonly #voffset: bigint;
  readonly #exports: { name: string; paddr: number }[] = [];
  readonly #mapped = new Set<bigint>();
  #nextTable: number;
  #nextLinear: number;
  #nextVmalloc = 0;
  #nextData: number;
  #nextText: number;

  constructor(options: MadeKernelOptions = {}) {
    const { release = '6.1.0-made', log2PageSize = 12, vaBits = 48, ramStart = 0x4000_0000, structs = {} } = options;
    const vaBitsInUse = options.vaBitsInUse ?? vaBits;
    const leastBits = vaBits <= 48 ? vaBits : log2PageSize === 14 ? 47 : 48;
    const pageEnd = -(1n << BigInt(leastBits - 1));
    this.ramStart = ramStart;
    this.memory = new MadeMemory({ start: ramStart, end: ramStart + RAM_BYTE_LENGTH });
    this.#structs = { ...CORE_STRUCTS, ...structs };
    this.#pageSize = 2 ** log2PageSize;
    this.#nextTable = ramStart + TABLES;
    this.#nextLinear = ramStart + LINEAR;
    this.#nextData = ramStart + DATA;
    this.#nextText = ramStart + TEXTS;
    this.#linear = -(1n << BigInt(vaBitsInUse));
    this.#vmalloc = pageEnd + (1n << 33n);
    this.#voffset = BigInt.asUintN(64, pageEnd + 0x9234_0000n - BigInt(ramStart));
    this.#tables = new PageTableWriter({
      log2PageSize,
      vaBits: log2PageSize === 16 && vaBits === 52 ? 52 : vaBitsInUse,
      root: ramStart + SWAPPER,
      newTable: () => {
        this.#nextTable += this.#pageSize;
        this.memory.write(this.#nextTable, Buffer.alloc(this.#pageSize));
        return this.#nextTable;
      },
      readU64: (paddr) => this.memory.page(paddr).readBigUInt64LE(paddr % 4096),
      writeU64: (paddr, value) => this.memory.u64(paddr, value),
    });
    this.memory.write(ramStart + SWAPPER, Buffer.alloc(8192));
    for (let at = STEXT; at < IMAGE_END; at += this.#pageSize) {
      this.#tables.map(this.#imageVa(ramStart + at), ramStart + at);
    }
    this.memory.write(ramStart + STEXT, Buffer.from('code'));
    this.btf = options.btf === null ? null : writeBtf(this.#structs, options.btf);
    if (this.btf !== null) this.memory.write(ramStart + BTF, this.btf.bytes);
    const hex = (value: bigint) => BigInt.asUintN(64, value).toString(16);
    // The kernel shifts what it says of PHYS_OFFSET by what the bits in use are short of those of the build.
    const physOffset = BigInt(ramStart) - (this.#linear + (1n << BigInt(vaBits)));
    this.vmcoreinfo = new Map([
      ['OSRELEASE', release],
      ['BUILD-ID', '0123456789abcdef0123456789abcdef01234567'],
      ['PAGESIZE', String(this.#pageSize)],
      ['SYMBOL(swapper_pg_dir)', hex(this.#imageVa(ramStart + SWAPPER))],
      ['SYMBOL(_stext)', hex(this.#imageVa(ramStart + STEXT))],
      ['NUMBER(VA_BITS)', String(vaBits)],
      ['NUMBER(TCR_EL1_T1SZ)', `0x${(64 - vaBitsInUse).toString(16)}`],
      ['NUMBER(kimage_voffset)', `0x${hex(this.#voffset)}`],
      ['NUMBER(PHYS_OFFSET)', `0x${hex(physOffset)}`],
      ['KERNELOFFSET', '12340000'],
    ]);
  }

  /** Memory that the kernel allocated: its address in the linear map. */
  allocate(byteLength: number, align = 64): bigint {
    const paddr = Math.ceil(this.#nextLinear / align) * align;
    this.#nextLinear = paddr + byteLength;
    for (let at = paddr - (paddr % 4096); at < paddr + byteLength; at += 4096) this.memory.page(at);
    const va = this.linearVa(paddr);
    this.#mapPages(va, paddr, byteLength);
    return va;
  }

  linearVa(paddr: number): bigint {
    return BigInt.asUintN(64, BigInt(paddr - this.ramStart) + this.#linear);
  }

  /** The physical address of what `allocate` or `data` gave. */
  paddrOf(va: bigint): number {
    const linear = BigInt.asIntN(64, va) - this.#linear;
    return linear < BigInt(RAM_BYTE_LENGTH)
      ? this.ramStart + Number(linear)
      : Number(BigInt.asUintN(64, va - this.#voffset));
  }

  /** A second mapping of memory, or one of device registers, outside the linear map. */
  vmap(paddr: number, byteLength: number): bigint {
    const offset = paddr % this.#pageSize;
    const va = BigInt.asUintN(64, this.#vmalloc + BigInt(this.#nextVmalloc));
    this.#nextVmalloc += Math.ceil((offset + byteLength) / this.#pageSize + 1) * this.#pageSize;
    this.#mapPages(va, paddr - offset, offset + byteLength);
    return va + BigInt(offset);
  }

  /** Maps one page by hand. */
  mapPage(va: bigint, paddr: number): void {
    this.#tables.map(va, paddr);
  }

  /** A variable of the kernel image. */
  data(byteLength: number): bigint {
    const paddr = Math.ceil(this.#nextData / 64) * 64;
    this.#nextData = paddr + byteLength;
    this.memory.write(paddr, Buffer.alloc(byteLength));
    return this.#imageVa(paddr);
  }

  /** NUL-terminated text in the linear map. */
  text(text: string): bigint {
    const bytes = Buffer.from(`${text}\0`);
    const va = this.allocate(bytes.length, 8);
    this.memory.write(this.paddrOf(va), bytes);
    return va;
  }

  /** NUL-terminated text among the read-only data of the image. */
  constantText(text: string): bigint {
    const paddr = this.#nextText;
    this.#nextText += text.length + 2;
    this.memory.write(paddr, Buffer.from(`\0${text}\0`));
    return this.#imageVa(paddr + 1);
  }

  /** A new object, or one that is placed already, with these members set. */
  object(
    struct: string,
    fields: Readonly<Record<string, Value>>,
    va = this.allocate(this.specOf(struct).byteLength),
  ): bigint {
    const paddr = this.paddrOf(va);
    for (const [path, value] of Object.entries(fields)) this.#set(paddr, struct, path, value);
    return va;
  }

  /** Byte offset of a member. */
  offsetOf(struct: string, path: string): number {
    return this.#member(struct, path).offset;
  }

  specOf(struct: string): StructSpecs[string] {
    const spec = this.#structs[struct];
    if (spec === undefined) throw new Error(`the made kernel has no struct ${struct}`);
    return spec;
  }

  /** More structures, which the kernel's BTF does not describe. */
  addStructs(structs: StructSpecs): void {
    Object.assign(this.#structs, structs);
  }

  /** Puts objects on the circular list at `head`, by the addresses of their list_heads. */
  list(head: bigint, entries: readonly bigint[]): void {
    const around = [head, ...entries];
    for (const [i, entry] of around.entries()) {
      this.memory.u64(this.paddrOf(entry), around[(i + 1) % around.length] as bigint);
      this.memory.u64(this.paddrOf(entry) + 8, around.at(i - 1) as bigint);
    }
  }

  /** Makes a balanced tree of nodes in this order; answers its root. */
  tree(nodes: readonly bigint[]): bigint {
    if (nodes.length === 0) return 0n;
    const middle = nodes.length >> 1;
    const node = nodes[middle] as bigint;
    this.memory.u64(this.paddrOf(node) + 16, this.tree(nodes.slice(0, middle)));
    this.memory.u64(this.paddrOf(node) + 8, this.tree(nodes.slice(middle + 1)));
    return node;
  }

  export(name: string, va: bigint): void {
    this.#exports.push({ name, paddr: this.paddrOf(va) });
    let text = this.ramStart + KSYMTAB_STRINGS;
    this.memory.write(text++, Buffer.from([0]));
    for (const [i, symbol] of this.#exports.entries()) {
      const entry = this.ramStart + KSYMTAB + 12 * i;
      this.memory.u32(entry, symbol.paddr - entry);
      this.memory.u32(entry + 4, text - (entry + 4));
      this.memory.write(text, Buffer.from(`${symbol.name}\0`));
      text += symbol.name.length + 1;
    }
  }

  /** The text of VMCOREINFO as it stands in memory. */
  vmcoreinfoText(): string {
    return [...this.vmcoreinfo].map(([key, value]) => `${key}=${value}\n`).join('');
  }

  #imageVa(paddr: number): bigint {
    return BigInt.asUintN(64, BigInt(paddr) + this.#voffset);
  }

  #mapPages(va: bigint, paddr: number, byteLength: number): void {
    const size = this.#pageSize;
    for (let at = paddr - (paddr % size); at < paddr + byteLength; at += size) {
      const page = va + BigInt(at - paddr);
      if (this.#mapped.has(page)) continue;
      this.#mapped.add(page);
      this.#tables.map(page, at);
    }
  }

  #set(paddr: number, struct: string, path: string, value: Value): void {
    const { offset, byteLength } = this.#member(struct, path);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    this.memory.write(paddr + offset, bytes.subarray(0, byteLength));
  }

  #member(struct: string, path: string): { readonly offset: number; readonly byteLength: number } {
    const [name, ...rest] = path.split('.');
    for (const [member, offset, type] of this.specOf(struct).members) {
      if (member !== name && member !== '') continue;
      const byteLength =
        type === 'void*' ? 8 : type === 'wrapped' ? 4 : (SCALARS[type] ?? this.specOf(type).byteLength);
      if (member === name && rest.length === 0) return { offset, byteLength };
      try {
        const inner = this.#member(type, member === '' ? path : rest.join('.'));
        return { ...inner, offset: offset + inner.offset };
      } catch (error) {
        if (member === name) throw error;
      }
    }
    throw new Error(`struct ${struct} of the made kernel has no ${path}`);
  }
}
