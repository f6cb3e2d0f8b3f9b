/** Inspections for tests of reports: of a sample, with names that nobody should trust, and with a table without end. */

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll } from 'vitest';
import { SAMPLES_FOLDER } from '../../samples/make.ts';
import { type Inspection, type InspectOptions, inspect, openDump, parseSnapshot } from '../../src/index.ts';
import { Rows } from '../../src/rows.ts';

interface Names {
  readonly smmu?: string;
  readonly dump?: string;
}

/** A sample, inspected in this process; its dump stays open until the test file is done. */
export async function inspectSample(
  name: string,
  options: InspectOptions = {},
  names: Names = {},
): Promise<Inspection> {
  const path = (file: string) => join(SAMPLES_FOLDER, name, file);
  const json = JSON.parse(readFileSync(path('regs.json'), 'utf8'));
  if (names.smmu !== undefined) json.smmus[0].name = names.smmu;
  const snapshot = parseSnapshot(json, path('regs.json'));
  const dump = await openDump(path('dump.raw'), { loadMap: snapshot.memory });
  afterAll(() => dump.close());
  const files = [names.dump ?? basename(dump.files[0] ?? '')];
  return inspect({ ...dump, files }, snapshot, options);
}

/** Everything that a terminal, a spreadsheet, XML, a CI log, a URI or a viewer could take for more than a name. */
export const HOSTILE = [
  '=HYPERLINK("http://evil.example","x")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '::error::forged',
  'a\n::error title=forged::b\r::stop-commands::c',
  '##[error]forged',
  '50%0A::error::forged',
  'a,b:c;d',
  '"quoted",\r\n1,2',
  '</testcase></testsuite>',
  '<![CDATA[x]]>&amp;&#0;',
  '\u001b[31mred\u009b0m\u0000\u007f',
  'x\u202egnp.exe',
  'line\u2028separator',
  '[click](http://evil.example)',
  '{0} {{1}}',
  'not \ud800 Unicode \uffff\ufffe',
  '//host/path?query#fragment',
  'C:\\dumps\\vm core',
] as const;

/** The first SMMU with as many STEs as anybody asks for. `taken` tells how many were. */
export function endless(inspection: Inspection): { inspection: Inspection; taken: () => number } {
  const [smmu, ...others] = inspection.smmus;
  const [row] = smmu?.stes ?? [];
  if (smmu === undefined || row === undefined) throw new Error('a table with an STE is needed');
  let taken = 0;
  const stes = new Rows(function* () {
    for (;;) {
      taken += 1;
      yield { ...row, sid: taken };
    }
  });
  return { inspection: { ...inspection, smmus: [{ ...smmu, stes }, ...others] }, taken: () => taken };
}

/** The first pieces of a report that may not end. */
export function firstPieces(report: Iterable<string>, count: number): string[] {
  const pieces: string[] = [];
  for (const piece of report) {
    pieces.push(piece);
    if (pieces.length === count) break;
  }
  return pieces;
}
