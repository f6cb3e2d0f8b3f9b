import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** Named so because the page's own files are compiled with the types of a browser, which tests do not have. */
const FILE = fileURLToPath(new URL('../../../src/report/html/browser/ste-columns.ts', import.meta.url));

interface Column {
  readonly title: string;
  readonly text: (row: number) => string;
}

test('the column of STRW has a name for each of its values', async () => {
  const { steColumns }: { steColumns: (...of: unknown[]) => Column[] } = await import(FILE);
  // Each row has its own number as STRW.
  const stes = { config: () => ({ valid: true, config: 's1' }), field: (row: number) => BigInt(row) };
  const column = steColumns(stes, new Set(['s1'])).find(({ title }) => title === 'STRW');
  expect([0, 1, 2, 3].map((row) => column?.text(row))).toEqual(['EL1', 'reserved', 'EL2', 'reserved']);
});
