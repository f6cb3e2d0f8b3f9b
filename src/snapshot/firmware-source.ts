/** Where a table of firmware's is from. */

import { hex } from '../hex.ts';

/** A file as the user named it, or the physical address in the dump at which the table was found. */
export type FirmwareSource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'dump'; readonly paddr: number };

/** `guest.dtb`, `dump at 0x80000040`. */
export function firmwareSourceInWords(source: FirmwareSource): string {
  return source.kind === 'file' ? source.file : `dump at ${hex(source.paddr)}`;
}
