/** What is a file, by the bytes it begins with: a container, something known that is no dump, text, or raw memory? */

import { kindOfText } from './recognise-text.ts';
import {
  type Container,
  FARTHER_SIGNATURES,
  isBootSector,
  PACKED,
  READ,
  SIGNATURES,
  type Signature,
} from './signatures.ts';
import type { ByteSource } from './sources/source.ts';

/** What signatures and kinds of text are looked for in: one read. */
const HEAD_BYTE_LENGTH = 4096;

/** The container this source is, or null when its beginning is none that is known: raw memory, perhaps. */
export function recognise(source: ByteSource): Container | null {
  const buffer = Buffer.alloc(Math.min(HEAD_BYTE_LENGTH, source.byteLength));
  const head = buffer.subarray(0, source.read(0, buffer));
  const found = signatureOf(SIGNATURES, head, source.byteLength);
  return found ?? kindOfText(head, source.byteLength) ?? recogniseFarther(head, source);
}

/** What has packed a small file, by all of its bytes; null for one that is as it is. */
export function packedAs(bytes: Buffer): Container | null {
  return signatureOf(PACKED, bytes.subarray(0, HEAD_BYTE_LENGTH), bytes.length) ?? null;
}

/** Which dump a small file is that should be something else; null for one that is none. */
export function dumpAs(bytes: Buffer): Container | null {
  return signatureOf(READ, bytes.subarray(0, HEAD_BYTE_LENGTH), bytes.length) ?? null;
}

function signatureOf(signatures: readonly Signature[], head: Buffer, byteLength: number): Signature | undefined {
  return signatures.find((one) => isThere(one, head) && (one.also === undefined || one.also(head, byteLength)));
}

/** What leaves its beginning to boot loaders, which may have left it empty. Of other memory no more is read. */
function recogniseFarther(head: Buffer, source: ByteSource): Container | null {
  if (!isBootSector(head) && head.some((byte) => byte !== 0)) return null;
  return FARTHER_SIGNATURES.find((one) => isFarther(one, source)) ?? null;
}

function isFarther({ begins, at = 0 }: Signature, source: ByteSource): boolean {
  if (source.byteLength < at + begins.length) return false;
  const bytes = Buffer.alloc(begins.length);
  source.read(at, bytes);
  return isThere({ begins }, bytes);
}

function isThere({ begins, at = 0 }: Pick<Signature, 'begins' | 'at'>, head: Buffer): boolean {
  if (typeof begins === 'string') return head.toString('latin1', at, at + begins.length) === begins;
  return begins.every((byte, i) => head[at + i] === byte);
}
