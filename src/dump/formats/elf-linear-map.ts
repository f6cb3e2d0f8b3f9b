/**
 * Do the two addresses of each segment go together? The kernel maps all of its memory linearly: p_vaddr less p_paddr is
 * the same for every segment but that of its image, which has a mapping of its own (crash_prepare_elf64_headers and
 * kexec-tools). One segment that parts with all others, by one byte, was damaged: which of its addresses, nobody can say.
 */

export interface LoadHeader {
  /** Which program header. */
  readonly index: number;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly memsz: bigint;
}

/** A segment whose addresses do not go together. */
export interface Displaced {
  readonly index: number;
  readonly paddr: bigint;
  /** Where p_vaddr has it, by how the others have theirs. */
  readonly linear: { readonly paddr: bigint };
  /** How many others there are. */
  readonly count: number;
}

/** The virtual addresses of the kernel: the upper half. */
const KERNEL_VADDR = 1n << 63n;
/** Two segments may part by chance; so many that agree do not. */
const MIN_AGREEING = 2;

/** The one segment that parts with all others; null where there is none, or more than one. `symbol` is SYMBOL(_stext). */
export function displacedSegment(all: readonly LoadHeader[], symbol: string | undefined): Displaced | null {
  // Without it nobody knows which segment is the image.
  if (symbol === undefined || !/^[0-9a-f]{1,16}$/i.test(symbol)) return null;
  const stext = BigInt(`0x${symbol}`);
  const headers = all.filter(({ vaddr, memsz }) => stext < vaddr || vaddr + memsz <= stext);
  const linear = headers.filter(({ vaddr }) => vaddr >= KERNEL_VADDR);
  const byDistance = new Map<bigint, LoadHeader[]>();
  for (const header of linear) {
    const distance = header.vaddr - header.paddr;
    const alike = byDistance.get(distance);
    if (alike === undefined) byDistance.set(distance, [header]);
    else alike.push(header);
  }
  const [[distance, agreeing] = [0n, []], [, parting] = [0n, []], ...more] = [...byDistance].sort(
    ([, a], [, b]) => b.length - a.length,
  );
  const [one] = parting;
  if (one === undefined || parting.length > 1 || more.length > 0 || agreeing.length < MIN_AGREEING) return null;
  const paddr = one.vaddr - distance;
  const isFree = headers.every(
    (other) => other === one || other.paddr + other.memsz <= paddr || paddr + one.memsz <= other.paddr,
  );
  if (paddr < 0n || !isFree || !isInOneByte(paddr ^ one.paddr)) return null;
  return { index: one.index, paddr: one.paddr, linear: { paddr }, count: agreeing.length };
}

/** Whether a mask of bits lies in one of eight bytes. */
function isInOneByte(bits: bigint): boolean {
  return [0n, 8n, 16n, 24n, 32n, 40n, 48n, 56n].some((lsb) => (bits & ~(0xffn << lsb)) === 0n);
}
