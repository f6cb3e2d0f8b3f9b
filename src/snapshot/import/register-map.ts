/** Which register a byte of the SMMU's 128 KiB belongs to. */

import { REGISTERS, type Register } from '../../smmu/registers/registers.ts';

const PAGE_BYTES = 0x10000;
/** Register pages 0 and 1. What follows them (VATOS, enhanced command queues) holds nothing that is imported. */
export const SMMU_BYTES = 2 * PAGE_BYTES;

export interface RegisterByte {
  readonly register: Register;
  /** Where the architecture puts this byte. */
  readonly offset: number;
  /**
   * `own`: read there. `alias`: a register of page 1 read 64 KiB lower; page 0 may show it, and on SMMUs with one page
   * only that is where it is. `mirror`: a register of page 0 read in page 1, where nothing promises its value.
   */
  readonly kind: 'own' | 'alias' | 'mirror';
}

let byOffset: Map<number, Register> | undefined;

/** The register, and its byte, at an offset from the SMMU's base; undefined where there is none. */
export function registerByte(offset: number): RegisterByte | undefined {
  byOffset ??= new Map(
    REGISTERS.flatMap((register) =>
      Array.from({ length: register.byteLength }, (_, i) => [register.offset + i, register] as const),
    ),
  );
  const own = byOffset.get(offset);
  if (own !== undefined) return { register: own, offset, kind: 'own' };
  const inPage0 = offset < PAGE_BYTES;
  const twin = inPage0 ? offset + PAGE_BYTES : offset - PAGE_BYTES;
  const register = byOffset.get(twin);
  return register && { register, offset: twin, kind: inPage0 ? 'alias' : 'mirror' };
}
