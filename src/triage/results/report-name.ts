/** What is the file of a crash's own report called? As its folder, as far as every file system and browser takes that. */

import { createHash } from 'node:crypto';

const MAX_READABLE_LENGTH = 80;

/** One name of one part, which no other path has. */
export function reportName(path: string): string {
  const readable = path
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(-MAX_READABLE_LENGTH)
    .replace(/^[.-]+/, '');
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return `${readable === '' ? 'crash' : readable}-${hash}.html`;
}
