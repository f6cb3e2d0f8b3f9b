/**
 * Packs the package, installs the tarball into an empty folder, and uses it there as its users do: the command on a
 * shipped sample, the library from an ES module, and its types under a strict compiler. Installs it for the whole of a
 * machine too, whose prefix is another empty folder, where its manual page has to be found.
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'smmu-adopt-smoke-'));
const npm = (cwd, ...args) => execFileSync('npm', [...args, '--silent'], { cwd, encoding: 'utf8' });

function expect(what, actual, wanted) {
  if (actual !== wanted)
    throw new Error(`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(actual)}`);
  console.log(`ok  ${what}`);
}

try {
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder));
  const { filename, files, unpackedSize } = packed;
  console.log(`${filename}: ${files.length} files, ${Math.round(unpackedSize / 1024)} KiB`);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }\n');
  npm(folder, 'install', '--no-audit', '--no-fund', `./${filename}`);

  const installed = join(folder, 'node_modules', 'smmu-adopt');
  const command = join(folder, 'node_modules', '.bin', 'smmu-adopt');
  const sample = join(installed, 'samples', 'bad-span');
  const { stdout, status } = spawnSync(command, ['inspect', 'dump.raw', '--regs', 'regs.json'], {
    cwd: sample,
    encoding: 'utf8',
  });
  expect('inspect exits with 1 on the bad span', status, 1);
  expect('inspect prints the expected report', stdout, readFileSync(join(sample, 'expected.txt'), 'utf8'));

  const check = spawnSync(command, ['check', join(installed, 'samples')], { encoding: 'utf8' });
  expect('check finds every shipped sample as expected', check.status, 0);

  const prefix = join(folder, 'prefix');
  npm(folder, 'install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', `./${filename}`);
  const version = spawnSync(join(prefix, 'bin', 'smmu-adopt'), ['--version'], { encoding: 'utf8' });
  expect('a global installation has the command', version.stdout, `${packed.version}\n`);
  const manual = join(prefix, 'share', 'man', 'man1', 'smmu-adopt.1');
  expect('a global installation has the manual page', existsSync(manual), true);

  const server = spawn(process.execPath, [join(root, 'test/support/outside/range-server.mjs'), sample], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(server.stdout, 'data');
  const url = `http://127.0.0.1:${Number(String(port))}/good/dump.raw`;
  const fetched = spawnSync(command, ['inspect', url, '--regs', 'regs.json', '-q', '-v'], {
    cwd: sample,
    encoding: 'utf8',
  });
  expect('inspect reads from a URL', fetched.stderr, `${url}: 1 request, 40960 bytes\n`);

  writeFileSync(
    join(folder, 'use.ts'),
    [
      "import { inspect, loadSnapshot, openDump, type Inspection } from 'smmu-adopt';",
      'const [dumpFile = "", regsFile = ""] = process.argv.slice(2);',
      'const snapshot = await loadSnapshot(regsFile);',
      'const dump = await openDump(dumpFile, { loadMap: snapshot.memory });',
      'const inspection: Inspection = await inspect(dump, snapshot);',
      'for (const smmu of inspection.smmus) console.log(smmu.adoption.verdict, [...smmu.stes].length);',
    ].join('\n'),
  );
  cpSync(join(root, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'), {
    recursive: true,
  });
  cpSync(join(root, 'node_modules', 'undici-types'), join(folder, 'node_modules', 'undici-types'), { recursive: true });
  const flags = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, 'use.ts'], {
    cwd: folder,
    stdio: 'inherit',
  });
  console.log('ok  the types compile under strict settings');
  const library = spawnSync(process.execPath, ['use.js', join(sample, 'dump.raw'), join(sample, 'regs.json')], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect('the library answers', library.stderr + library.stdout, 'fallback 5\n');
  const remote = spawnSync(process.execPath, ['use.js', url, join(sample, 'regs.json')], {
    cwd: folder,
    encoding: 'utf8',
  });
  server.stdin.end();
  expect('the library reads from a URL', remote.stderr + remote.stdout, 'fallback 5\n');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
