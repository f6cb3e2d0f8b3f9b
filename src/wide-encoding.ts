/** What a small text file says: in UTF-8, or in UTF-16, as shells and editors of Windows write it. */

/** Of UTF-16, by its mark or, without one, by the zeros that ASCII has in it; null for all else. */
export function wideEncoding(bytes: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (bytes.byteLength < 2) return null;
  const mark = bytes.readUInt16BE(0);
  if (mark === 0xfffe) return 'utf-16le';
  if (mark === 0xfeff) return 'utf-16be';
  const [a, b, c, d] = bytes;
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le';
  return a === 0 && b !== 0 && c === 0 && d !== 0 ? 'utf-16be' : null;
}

/** The text of a file, without its byte order mark. */
export function textOfFile(bytes: Buffer): string {
  return new TextDecoder(wideEncoding(bytes) ?? 'utf-8').decode(bytes);
}
