/** Writes schema/: the JSON Schemas of everything that the command prints. */

import { writeFileSync } from 'node:fs';
import { schemas } from '../src/report/documents.ts';

for (const [file, schema] of await schemas()) {
  writeFileSync(new URL(`../schema/${file}`, import.meta.url), `${JSON.stringify(schema, null, 1)}\n`);
}
