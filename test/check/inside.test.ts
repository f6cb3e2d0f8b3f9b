/** Where an expected result may be read and written: inside the folder of its sample, whatever links there are. */

import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { placeInside } from '../../src/check/inside.ts';
import { InputError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/temporary.ts';

const { path: top } = temporaryFolder();
const folder = join(top, 'sample');

beforeAll(() => {
  mkdirSync(join(folder, 'below'), { recursive: true });
  mkdirSync(join(top, 'outside'));
  writeFileSync(join(folder, 'below', 'kept.json'), '{}');
  writeFileSync(join(top, 'outside', 'kept.json'), '{}');
  const link = (to: string, name: string) => symlinkSync(to, join(folder, name));
  link('../outside', 'to-folder');
  link('../outside/kept.json', 'to-file');
  link('../outside/new.json', 'to-nothing');
  link('below', 'to-below');
  link('below/kept.json', 'to-kept');
  link('below/new.json', 'to-nothing-below');
  link('to-folder', 'to-link');
});

test.each([
  ['new.json', 'new.json'],
  ['below/kept.json', 'below/kept.json'],
  ['below/new.json', 'below/new.json'],
  ['to-below/new.json', 'below/new.json'],
  ['to-kept', 'below/kept.json'],
  ['below/../new.json', 'new.json'],
])('%s is %s', (file, real) => {
  expect(placeInside(folder, file)).toBe(join(realpathSync(folder), real));
});

describe('refused', () => {
  const leaves = /leaves the folder of the sample/;
  test.each([
    ['to-folder/new.json', leaves],
    ['to-folder/kept.json', leaves],
    ['to-link/new.json', leaves],
    ['to-file', leaves],
    ['../outside/new.json', leaves],
    ['/etc/new.json', leaves],
    ['to-below/../../outside/new.json', leaves],
    ['.', leaves],
    ['to-nothing', /symbolic link to a file that is not there/],
    ['to-nothing-below', /symbolic link to a file that is not there/],
    ['below', /is a directory; a file is needed/],
    ['not-there/new.json', /in a folder that is not there/],
  ])('%s', (file, message) => {
    const place = () => placeInside(folder, file);
    expect(place).toThrow(InputError);
    expect(place).toThrow(message);
  });
});
