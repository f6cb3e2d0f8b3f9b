/** What is a file, by the bytes it begins with: a container, something known that is no dump, text, or raw memory? */

import { kindOfText } from './recognise-text.ts';
import { type Container, SIGNATURES, type Signature } from './signatures.ts';
import type { ByteSource } from './sources/source.ts';

/** What signatures and kinds of text are looked for in: one read. */
const HEAD_BYTE_LENGTH = 4096;

/** The container this source is, or null when its beginning is none that is known: raw memory, perhaps. */
export function recognise(source: ByteSource): Container | null {
  const buffer = Buffer.alloc(Math.min(HEAD_BYTE_LENGTH, source.byteLength));
  const head = buffer.subarray(0, source.read(0, buffer));
  const found = SIGNATURES.find(
    (signature) =>
      isThere(signature, head) && (signature.also === undefined || signature.also(head, source.byteLength)),
  );
  return found ?? kindOfText(head, source.byteLength);
}

function isThere({ begins, at = 0 }: Signature, head: Buffer): boolean {
  if (typeof begins === 'string') return head.toString('latin1', at, at + begins.length) === begins;
  return begins.every((byte, i) => head[at + i] === byte);
}
