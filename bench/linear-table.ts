/** A linear table of 2^24 STEs in an ELF, nearly all of them abort, and a loop in C that reads and counts them. */

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const STES = 2 ** 24;
const STE_BYTE_LENGTH = 64;
const TABLE = 0x8000_0000;
const HEADERS_BYTE_LENGTH = 4096;
/** STEs written at a time, with one bypass among them: a table in use is never quiet throughout. */
const CHUNK_STES = 2 ** 14;

export interface LinearTable {
  readonly dump: string;
  readonly regs: string;
  readonly active: number;
}

/** Writes dump and registers into the folder. */
export function writeLinearTable(folder: string): LinearTable {
  const dump = join(folder, 'linear.elf');
  const chunk = Buffer.alloc(CHUNK_STES * STE_BYTE_LENGTH);
  for (let i = 0; i < CHUNK_STES; i++) chunk[i * STE_BYTE_LENGTH] = i === 5000 ? 1 | (4 << 1) : 1;
  const file = openSync(dump, 'w');
  writeSync(file, headers());
  for (let written = 0; written < STES; written += CHUNK_STES) writeSync(file, chunk);
  closeSync(file);
  const regs = join(folder, 'linear.json');
  const table = { IDR1: '0x18', STRTAB_BASE: `0x${TABLE.toString(16)}`, STRTAB_BASE_CFG: '0x18' };
  writeFileSync(regs, JSON.stringify({ registers: { CR0: '0x1', IDR0: '0x0c080010', ...table } }));
  return { dump, regs, active: STES / CHUNK_STES };
}

/** An ELF core of arm64 with one PT_LOAD. */
function headers(): Buffer {
  const bytes = Buffer.alloc(HEADERS_BYTE_LENGTH);
  bytes.write('\u007fELF\u0002\u0001\u0001', 'latin1');
  for (const [at, value] of [
    [16, 4],
    [18, 183],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    bytes.writeUInt16LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [64, 1],
    [68, 6],
  ] as const)
    bytes.writeUInt32LE(value, at);
  const byteLength = STES * STE_BYTE_LENGTH;
  for (const [at, value] of [
    [32, 64],
    [72, HEADERS_BYTE_LENGTH],
    [88, TABLE],
    [96, byteLength],
    [104, byteLength],
  ] as const)
    bytes.writeBigUInt64LE(BigInt(value), at);
  return bytes;
}

const C_LOOP = `
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
  static uint64_t words[1 << 15];
  long kinds[16] = {0};
  int file = open(argv[1], O_RDONLY);
  for (long got; (got = read(file, words, sizeof words)) > 0;)
    for (long i = 0; i < got / 8; i += 8) kinds[words[i] & 15]++;
  for (int kind = 0; kind < 16; kind++) printf("%ld\\n", kinds[kind]);
  return argc != 2;
}
`;

/** Compiles the loop; null where there is no compiler. */
export function compileLoop(folder: string): string | null {
  const source = join(folder, 'loop.c');
  const program = join(folder, 'loop');
  writeFileSync(source, C_LOOP);
  return spawnSync('cc', ['-O2', '-o', program, source]).status === 0 ? program : null;
}
