/**
 * `npm run samples`: makes the samples' dumps and snapshots from their descriptions, and their expected results with
 * the command as it is now. Look at the difference in version control before keeping new results.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES, jsonFile, RUNS, runSample, SAMPLES_FOLDER } from './make.ts';

for (const [sample, makeFiles] of FILES) {
  const folder = join(SAMPLES_FOLDER, sample);
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of makeFiles()) writeFileSync(join(folder, name), bytes);
}
for (const [name, run] of RUNS) {
  const folder = join(SAMPLES_FOLDER, name);
  const text = await runSample(name);
  writeFileSync(join(folder, 'expected.txt'), text.stdout);
  writeFileSync(join(folder, 'expected.json'), (await runSample(name, ['--format', 'json'])).stdout);
  writeFileSync(join(folder, 'sample.json'), jsonFile({ ...run, status: text.status, stderr: text.stderr }));
  process.stdout.write(`${name}: exit ${text.status}\n`);
}
