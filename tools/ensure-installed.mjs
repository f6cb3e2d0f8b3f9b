/** Installs the development dependencies when they are missing or older than the lock file. Needs Node and npm only. */

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);
const time = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
// npm writes this file at the end of every install.
if (time('node_modules/.package-lock.json') < time('package-lock.json')) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
