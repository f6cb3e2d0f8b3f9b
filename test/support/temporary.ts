/** Temporary folders for tests, removed when the test file is done. */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new empty folder and ways to write files into it; `sparse` ones are zeros that take no room. */
export function temporaryFolder(): {
  readonly path: string;
  write(name: string, content: string | Uint8Array): string;
  sparse(name: string, byteLength: number): string;
} {
  const path = mkdtempSync(join(tmpdir(), 'smmu-adopt-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const write = (name: string, content: string | Uint8Array) => {
    const file = join(path, name);
    writeFileSync(file, content);
    return file;
  };
  const sparse = (name: string, byteLength: number) => {
    const file = write(name, '');
    truncateSync(file, byteLength);
    return file;
  };
  return { path, write, sparse };
}
