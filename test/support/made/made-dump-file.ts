/** The memory of a made kernel as a dump in a file: an ELF core with its VMCOREINFO, or raw without. */

import { elfCore } from '../writers/elf-writer.ts';
import type { MadeKernel } from './made-kernel.ts';

/** Pages that follow each other, as one piece. */
function pieces({ memory }: MadeKernel): { readonly paddr: number; readonly bytes: Buffer }[] {
  const found: { paddr: number; pages: Buffer[] }[] = [];
  for (const [paddr, page] of [...memory.pages].sort(([a], [b]) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last.paddr + 4096 * last.pages.length === paddr) last.pages.push(page);
    else found.push({ paddr, pages: [page] });
  }
  return found.map(({ paddr, pages }) => ({ paddr, bytes: Buffer.concat(pages) }));
}

export function elfOf(kernel: MadeKernel): Buffer {
  return elfCore(pieces(kernel), { vmcoreinfo: kernel.vmcoreinfoText() }).bytes;
}
