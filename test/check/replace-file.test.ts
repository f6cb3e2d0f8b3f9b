/** A file is replaced where it was looked at: a link that was put on the way to it since leads nowhere. */

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeInside } from '../../src/check/inside.ts';
import { replaceFile } from '../../src/check/replace-file.ts';
import { temporaryFolder } from '../support/temporary.ts';

const { path: top } = temporaryFolder();
const folder = join(top, 'sample');
const outside = join(top, 'outside');
mkdirSync(join(folder, 'below'), { recursive: true });
mkdirSync(outside);

test('a folder that a link took the place of is not written to', () => {
  const place = placeInside(folder, 'below/expected.json');
  replaceFile(place, 'inside', { within: folder });
  renameSync(join(folder, 'below'), join(folder, 'moved'));
  symlinkSync(outside, join(folder, 'below'));
  expect(() => replaceFile(place, 'outside', { within: folder })).toThrow('has left the folder of the sample');
  expect(readdirSync(outside)).toEqual([]);
  expect(readFileSync(join(folder, 'moved', 'expected.json'), 'utf8')).toBe('inside');
});

test('a link in the place of the file is replaced', () => {
  writeFileSync(join(outside, 'kept'), 'kept');
  symlinkSync(join(outside, 'kept'), join(folder, 'linked'));
  replaceFile(join(folder, 'linked'), 'new', { within: folder, mode: 0o600 });
  expect(readFileSync(join(outside, 'kept'), 'utf8')).toBe('kept');
  expect(readFileSync(join(folder, 'linked'), 'utf8')).toBe('new');
  expect(statSync(join(folder, 'linked')).mode & 0o777).toBe(0o600);
});

test('what cannot be written leaves nothing behind', () => {
  const there = join(folder, 'a-folder');
  mkdirSync(join(there, 'full'), { recursive: true });
  expect(() => replaceFile(there, 'new')).toThrow('cannot be written');
  expect(() => replaceFile(join(folder, 'missing', 'file'), 'new')).toThrow('cannot be written (ENOENT)');
  expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(existsSync(join(folder, 'missing'))).toBe(false);
});
