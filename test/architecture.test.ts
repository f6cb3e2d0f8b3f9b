/** The one-way street through the rooms of src/: who may import whom, types included, and nobody in a circle. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** A room may import those in front of it. What lies in src/ itself, but for the library, is the ground of all. */
const STREET = [
  'ground',
  'dump',
  'smmu',
  'snapshot',
  'linux',
  'platform',
  'adopt',
  'tables',
  'queues',
  'streams',
  'log',
  'findings',
  'inspect',
  'diff',
  'triage',
  'check',
  'report',
  'index.ts',
  'cli',
];

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g;

/** By file, in src/, what it imports of src/. */
const imports: ReadonlyMap<string, readonly string[]> = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const text = readFileSync(join(SRC, file), 'utf8');
      const named = [...text.matchAll(IMPORT)].map(([, path = '']) => resolve(SRC, dirname(file), path));
      return [file, named.map((path) => relative(SRC, path))];
    }),
);

function roomOf(file: string): string {
  const [first = '', ...rest] = file.split('/');
  return rest.length > 0 || first === 'index.ts' ? first : 'ground';
}

describe('rooms', () => {
  const rooms = [...new Set([...imports.keys()].map(roomOf))];

  test('all have their place in the street', () => {
    expect(rooms.filter((room) => !STREET.includes(room))).toEqual([]);
  });

  test('import only what comes before them', () => {
    const place = (file: string) => STREET.indexOf(roomOf(file));
    const back = [...imports].flatMap(([file, others]) =>
      others.filter((other) => place(other) > place(file)).map((other) => `${file} -> ${other}`),
    );
    expect(back).toEqual([]);
  });
});

test('no folder holds more files than one can take in', () => {
  const folders = new Map<string, number>();
  for (const file of imports.keys()) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  expect([...folders].filter(([, count]) => count > 16)).toEqual([]);
});

test('what CONTRIBUTING.md names is there', () => {
  const page = readFileSync(join(SRC, '../CONTRIBUTING.md'), 'utf8');
  const named = [...page.matchAll(/`((?:src|test|tools|bench|contrib)\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((path) => !existsSync(join(SRC, '..', path)))).toEqual([]);
});

/** What a file imports, and what those import, and so on. */
function reached(file: string): ReadonlySet<string> {
  const all = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const other of imports.get(next) ?? []) {
      if (!all.has(other)) waiting.push(other);
      all.add(other);
    }
  }
  return all;
}

test('no file imports itself by way of others', () => {
  const from = new Map([...imports.keys()].map((file) => [file, reached(file)]));
  const circleOf = (file: string) => [...(from.get(file) ?? [])].filter((other) => from.get(other)?.has(file)).sort();
  const circles = new Set(
    [...imports.keys()].map((file) => circleOf(file).join(', ')).filter((circle) => circle !== ''),
  );
  expect([...circles]).toEqual([]);
});

test('what a file exports stays what it is, as the parts of the command have what they import once', () => {
  const changing = [...imports.keys()].filter((file) =>
    /^export (?:let|var)\b/m.test(readFileSync(join(SRC, file), 'utf8')),
  );
  expect(changing).toEqual([]);
});
