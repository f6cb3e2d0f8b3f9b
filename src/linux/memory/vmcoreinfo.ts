/**
 * What does the kernel say of its own layout? VMCOREINFO is made for this: symbols are printed in hexadecimal without
 * 0x, numbers in decimal or with 0x, all of them modulo 2^64 (kernel/vmcore_info.c, arch/arm64/kernel/vmcore_info.c).
 */

/** Where the kernel is and how it maps itself. Addresses of the kernel are 64-bit, physical ones numbers. */
export interface KernelLayout {
  readonly release: string;
  /** GNU build id, lower-case hexadecimal. */
  readonly buildId: string | null;
  /** log2 of the granule of the kernel's page tables: 12, 14 or 16. */
  readonly log2PageSize: number;
  /** Bits of virtual addresses that the kernel was built for. */
  readonly vaBits: number;
  /** Bits that it uses on this machine, which can be fewer. */
  readonly vaBitsInUse: number;
  readonly swapperPgDir: bigint;
  readonly stext: bigint;
  /** Virtual minus physical address of the kernel image. */
  readonly kimageVoffset: bigint;
  /** Physical address of what would be mapped at PAGE_OFFSET; may be "negative". Null when it is not said. */
  readonly physOffset: bigint | null;
  /** Everything as written, for what few readers need. */
  readonly info: ReadonlyMap<string, string>;
}

/** A key that is missing or holds nothing usable. */
export interface LayoutGap {
  readonly key: string;
}

const PAGE_SHIFTS: Readonly<Record<string, number>> = { '4096': 12, '16384': 14, '65536': 16 };

/** The layout, or the first key without which there is none. */
export function kernelLayout(info: ReadonlyMap<string, string>): KernelLayout | LayoutGap {
  const vaBits = numberOf(info, 'NUMBER(VA_BITS)');
  const t1sz = numberOf(info, 'NUMBER(TCR_EL1_T1SZ)');
  const log2PageSize = PAGE_SHIFTS[info.get('PAGESIZE') ?? ''];
  const swapperPgDir = symbolOf(info, 'swapper_pg_dir');
  const stext = symbolOf(info, '_stext');
  const kimageVoffset = numberOf(info, 'NUMBER(kimage_voffset)');
  if (log2PageSize === undefined) return { key: 'PAGESIZE' };
  if (vaBits === null || vaBits < 36n || vaBits > 52n) return { key: 'NUMBER(VA_BITS)' };
  if (t1sz !== null && (t1sz < 12n || t1sz > 28n)) return { key: 'NUMBER(TCR_EL1_T1SZ)' };
  if (swapperPgDir === null) return { key: 'SYMBOL(swapper_pg_dir)' };
  if (stext === null) return { key: 'SYMBOL(_stext)' };
  if (kimageVoffset === null) return { key: 'NUMBER(kimage_voffset)' };
  return {
    release: info.get('OSRELEASE') ?? '',
    buildId: /^[0-9a-f]{8,128}$/.exec(info.get('BUILD-ID') ?? '')?.[0] ?? null,
    log2PageSize,
    vaBits: Number(vaBits),
    vaBitsInUse: t1sz === null ? Number(vaBits) : 64 - Number(t1sz),
    swapperPgDir,
    stext,
    kimageVoffset,
    physOffset: numberOf(info, 'NUMBER(PHYS_OFFSET)'),
    info,
  };
}

/** Whether VMCOREINFO had all that is needed. */
export function isLayout(layout: KernelLayout | LayoutGap): layout is KernelLayout {
  return !('key' in layout);
}

/** The address of a symbol, or null when it is not among those that VMCOREINFO gives. */
export function symbolOf(info: ReadonlyMap<string, string>, name: string): bigint | null {
  const text = info.get(`SYMBOL(${name})`);
  return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : null;
}

/** A number modulo 2^64 by its whole key, as in `NUMBER(VA_BITS)`, `OFFSET(list_head.next)` or `SIZE(list_head)`. */
export function numberOf(info: ReadonlyMap<string, string>, key: string): bigint | null {
  const text = info.get(key);
  if (text === undefined || !/^(0x[0-9a-f]{1,16}|-?[0-9]{1,20})$/i.test(text)) return null;
  return BigInt.asUintN(64, BigInt(text));
}
