/** Tells containers apart by the bytes they begin with. */

import type { ByteSource } from './source.ts';

/** A container that begins with known bytes. `advice` says what to do about one that cannot be read here. */
export interface Container {
  readonly format: string;
  readonly title: string;
  readonly advice?: string;
}

interface Signature extends Container {
  readonly begins: readonly number[];
  /** For beginnings too short to be sure: what else has to hold. */
  readonly also?: (head: Uint8Array) => boolean;
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));

const toElf = 'turn it into an ELF core first: makedumpfile -E -x vmlinux';
const unwrap = (tool: string) => `unwrap it first: ${tool}`;

const SIGNATURES: readonly Signature[] = [
  { format: 'elf', title: 'ELF file', begins: [0x7f, ...ascii('ELF')] },
  { format: 'kdump', title: 'kdump-compressed dump', begins: ascii('KDUMP   ') },
  { format: 'diskdump', title: 'old diskdump', begins: ascii('DISKDUMP'), advice: toElf },
  { format: 'flattened', title: 'flattened dump', begins: ascii('makedumpfile') },
  { format: 'lime', title: 'LiME dump', begins: [0x45, 0x4d, 0x69, 0x4c] },
  { format: 'avml', title: 'AVML dump', begins: [0x41, 0x56, 0x4d, 0x4c] },
  ...[0xd0bed2be, 0xd1bad1ba, 0xd2bed2be, 0xd3bed3be].map((magic) => ({
    format: 'vmware',
    title: 'VMware snapshot',
    begins: [magic >>> 24, (magic >>> 16) & 0xff, (magic >>> 8) & 0xff, magic & 0xff],
    advice: 'give the .vmem file with the addresses of its regions',
  })),
  {
    format: 'lkcd',
    title: 'LKCD dump',
    begins: [0xed, 0x23, 0x8f, 0x61, 0x73, 0x01, 0x19, 0xa8],
    advice: 'open it with crash and write its memory out',
  },
  {
    format: 'hyperv',
    title: 'Hyper-V saved state',
    begins: [0x14, 0x20, 0x28, 0x01],
    advice: 'turn it into a memory dump first, with the vmsavedstatedump library of the Windows SDK',
  },
  {
    format: 'gzip',
    title: 'gzip file',
    begins: [0x1f, 0x8b],
    // RFC 1952: method 8 is the only one, and the upper flag bits are reserved as zero.
    also: (head) => head[2] === 8 && ((head[3] ?? 0xff) & 0xe0) === 0,
    advice: unwrap('gzip -d'),
  },
  { format: 'zstd', title: 'zstd file', begins: [0x28, 0xb5, 0x2f, 0xfd], advice: unwrap('zstd -d') },
  { format: 'xz', title: 'xz file', begins: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], advice: unwrap('xz -d') },
  {
    format: 'compress',
    title: 'compress(1) file',
    begins: [0x1f, 0x9d],
    // Block mode bit, two reserved bits, and a code width of 9 to 16 bits.
    also: (head) => ((head[2] ?? 0) & 0xe0) === 0x80 && ((head[2] ?? 0) & 0x1f) >= 9 && ((head[2] ?? 0) & 0x1f) <= 16,
    advice: unwrap('uncompress'),
  },
];

const HEAD_BYTE_LENGTH = 16;

/** The container this source is, or null when its beginning is none that is known: raw memory, perhaps. */
export function recognise(source: ByteSource): Container | null {
  const head = new Uint8Array(HEAD_BYTE_LENGTH);
  const held = head.subarray(0, source.read(0, head));
  const found = SIGNATURES.find(
    ({ begins, also }) => begins.every((byte, i) => held[i] === byte) && (also === undefined || also(held)),
  );
  return found ?? null;
}
