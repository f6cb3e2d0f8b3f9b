/** A machine with one stream: registers and memory. */

import { Image } from '../../../samples/image.ts';
import type { FieldInputs } from '../../../src/smmu/fields.ts';

export const STRTAB = 0x8800_0000;
export const CD_AT = 0x8801_0000;
export const TABLES = 0x8802_0000;

export const REGISTERS: Readonly<Record<string, string>> = {
  ...{ IDR0: '0x0d4c101b', IDR1: '0x02730510', IDR3: '0x1404', IDR5: '0x74', AIDR: '0x1' },
  ...{ CR0: '0xd', CR2: '0x6', GBPA: '0x1000' },
  ...{ STRTAB_BASE: '0x88000000', STRTAB_BASE_CFG: '0x6' },
};

/** SID 0 translates 1 GiB from address 0: a page at 0x1000, a block of 2 MiB, a table that no dump holds, and holes. */
export function machine(ste: FieldInputs = {}, cd: FieldInputs = {}): Image {
  return new Image()
    .abortTable(STRTAB, 64)
    .ste(STRTAB, 0, { V: 1, Config: 5, S1ContextPtr: CD_AT, SHCFG: 1, ...ste })
    .cd(CD_AT, 0, {
      ...{ V: 1, AA64: 1, A: 1, R: 1, ASID: 3, IPS: 4, T0SZ: 34, TTB0: TABLES, EPD1: 1, MAIR0: 0xff },
      ...cd,
    })
    .reserve(TABLES, 0x2000)
    .write(TABLES, [BigInt(TABLES + 0x1000) | 3n, 0x9000_0741n, 0xa000_0003n])
    .write(TABLES + 0x1000, [0n, 0x60_0000_8900_0743n, 0x8900_1343n, 0x8900_2f43n]);
}

/** As many pages as 2^`inputBits` bytes have, by tables of which there is one a level; no page follows its neighbour. */
export function aliased(inputBits: number, { joined = false } = {}): Image {
  const full = (entry: (i: number) => bigint) => Array.from({ length: 512 }, (_, i) => entry(i));
  return machine({}, { T0SZ: 64 - inputBits })
    .reserve(TABLES + 0x2000, 0x1000)
    .write(
      TABLES,
      full(() => BigInt(TABLES + 0x1000) | 3n),
    )
    .write(
      TABLES + 0x1000,
      full((i) => (inputBits > 30 ? BigInt(TABLES + 0x2000) | 3n : page(i, joined))),
    )
    .write(
      TABLES + 0x2000,
      full((i) => page(i, joined)),
    );
}

function page(index: number, joined: boolean): bigint {
  return BigInt(0x9000_0000 + (joined ? index : index ^ 1) * 4096) | 0x743n;
}
