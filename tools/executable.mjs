/**
 * `npm run executable`: the command and Node as one file, for machines that have no Node and no network; for each
 * platform out of that platform's Node, all of them made here. `npm run executable -- linux-arm64` makes one of them,
 * `-- here` that of this machine. Whatever can be run here is tried on a sample, with no program in its PATH.
 *
 * Node brings the program along as a blob, which this platform's Node of the same version makes. That for this platform
 * has the code caches of some kinds of runs too; elsewhere each machine makes its own.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inject } from 'postject';
import { buildEntry } from './entry.mjs';
import { CannotFetch, NODE_VERSION, nodeFor, PLATFORMS } from './node-binaries.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const OUTPUT = 'executables';
const HERE = `${process.platform}-${process.arch}`;
/** By which Node finds out that there is a blob; the same in every Node. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** As `sysexits.h` has it: what is needed cannot be had. */
const UNAVAILABLE = 69;

const SAMPLE = resolve('samples/bad-span');
const INSPECTION = ['inspect', 'dump.raw', '--regs', 'regs.json'];
const VMCORE = '../bare-vmcore/vmcore';
/** What is run for its code cache. */
const KINDS = [INSPECTION, ['inspect', VMCORE], ['inspect', VMCORE, '--format', 'html'], ['info', VMCORE], ['--help']];

/** How the executables of another platform are started here, where that is installed. */
const EMULATORS = { 'linux-arm64': ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'] };

const folder = mkdtempSync(join(tmpdir(), 'smmu-adopt-executable-'));
try {
  await makeAll(platformsAsked(process.argv.slice(2)));
} catch (error) {
  console.error(error.message);
  process.exitCode = error instanceof CannotFetch ? UNAVAILABLE : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function platformsAsked(args) {
  const asked = args.length === 0 ? PLATFORMS : args.map((arg) => (arg === 'here' ? HERE : arg));
  const unknown = [...asked, HERE].find((platform) => !PLATFORMS.includes(platform));
  if (unknown === undefined) return asked;
  throw new Error(`executables are made on and for ${PLATFORMS.join(' and ')}, not ${unknown}`);
}

async function makeAll(platforms) {
  await buildEntry('src/cli/start/one-file.ts', 'dist/program.js', join(folder, 'one-file.cjs'));
  mkdirSync(OUTPUT, { recursive: true });
  const maker = nodeFor(HERE, folder);
  const licences = [readFileSync(maker.licence), readFileSync('dist/third-party-licences.txt')];
  writeFileSync(join(OUTPUT, 'licences.txt'), Buffer.concat(licences));
  for (const platform of platforms) {
    const executable = join(OUTPUT, `smmu-adopt-${platform}`);
    const node = platform === HERE ? maker : nodeFor(platform, folder);
    await write(executable, node, blobOf(maker, {}));
    if (platform === HERE) await write(executable, node, blobOf(maker, cachesOf(executable)));
    const size = `${Math.round(statSync(executable).size / 1e6)} MB`;
    console.log(`${executable}: ${size}, Node ${NODE_VERSION}, ${tried(executable, platform, node)}`);
  }
}

/** `caches`: files by the kind of runs that they are for. */
function blobOf(maker, caches) {
  const output = join(folder, 'program.blob');
  const kinds = Object.entries(caches).map(([kind, file]) => [`code-cache/${kind}`, file]);
  const config = {
    main: join(folder, 'one-file.cjs'),
    output,
    disableExperimentalSEAWarning: true,
    assets: { 'program.js': 'dist/program.js', ...Object.fromEntries(kinds) },
  };
  writeFileSync(join(folder, 'blob.json'), JSON.stringify(config));
  execFileSync(maker.program, ['--experimental-sea-config', join(folder, 'blob.json')], { stdio: 'pipe' });
  return readFileSync(output);
}

async function write(executable, node, blob) {
  const beside = `${executable}.new`;
  copyFileSync(node.program, beside);
  chmodSync(beside, 0o755);
  const { warn } = console;
  // Of each note in Node's debugging information, which nobody needs here.
  console.warn = () => {};
  await inject(beside, 'NODE_SEA_BLOB', blob, { sentinelFuse: FUSE });
  console.warn = warn;
  renameSync(beside, executable);
}

/** The code caches that runs of it leave, each of which is in its file twice. */
function cachesOf(executable) {
  const home = mkdtempSync(join(folder, 'cache-'));
  for (const args of KINDS) run([executable, ...args], { XDG_CACHE_HOME: home });
  const written = join(home, 'smmu-adopt');
  const caches = readdirSync(written).map((name) => {
    const both = readFileSync(join(written, name));
    writeFileSync(join(written, name), both.subarray(0, both.length / 2));
    const [kind] = decodeURIComponent(name).split('-');
    return [kind, join(written, name)];
  });
  return Object.fromEntries(caches);
}

function run([program, ...args], env) {
  return spawnSync(resolve(program), args, { cwd: SAMPLE, encoding: 'utf8', env: { PATH: '/nonexistent', ...env } });
}

/** Inspects the sample, as on a machine that has nothing; says how long that took where no emulator took part. */
function tried(executable, platform, node) {
  const emulator = platform === HERE ? [] : emulatorFor(platform);
  if (emulator === null) return 'not tried: no emulator of that platform is installed';
  const inspection = [...emulator, resolve(executable), ...INSPECTION];
  const { stdout, stderr } = run(inspection);
  if (stdout !== readFileSync(join(SAMPLE, 'expected.txt'), 'utf8')) {
    throw new Error(`${executable} does not inspect the sample as expected:\n${stdout}${stderr}`);
  }
  if (platform !== HERE) return 'inspects a sample in an emulator';
  const ms = (command) => Math.min(...Array.from({ length: 10 }, () => timed(command))).toFixed(0);
  return `inspects a sample in ${ms(inspection)} ms (Node alone: ${ms([node.program, '-e', '0'])} ms)`;
}

function timed(command) {
  const started = performance.now();
  run(command);
  return performance.now() - started;
}

function emulatorFor(platform) {
  const [name, ...args] = EMULATORS[platform] ?? [];
  const paths = (process.env.PATH ?? '').split(':').map((one) => join(one, name ?? ''));
  const found = name && paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  return found ? [found, ...args] : null;
}
