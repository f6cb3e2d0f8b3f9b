/** The Node that goes into executables: as npm distributes it, of one version, and exactly what it was when it was chosen. */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Newer ones need libatomic, which is on no server that nothing else brought it to. */
export const NODE_VERSION = '24.22.3';

/** Of the packages `node-<platform>`, as npm names the hash of what it serves. */
const INTEGRITY = {
  'linux-arm64': 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
  'linux-x64': 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
};
export const PLATFORMS = Object.keys(INTEGRITY);

/** Where archives stay, as they are large. */
const FETCHED = 'node_modules/.cache/smmu-adopt';

/** That it cannot be had is the fault of nothing here. */
export class CannotFetch extends Error {}

/** Unpacks it into `folder`, and fetches it before where it was not yet; throws where it is another than it has to be. */
export function nodeFor(platform, folder) {
  const name = `node-${platform}`;
  const archive = join(FETCHED, `${name}-${NODE_VERSION}.tgz`);
  if (!existsSync(archive)) {
    mkdirSync(FETCHED, { recursive: true });
    const pack = ['pack', `${name}@${NODE_VERSION}`, '--pack-destination', FETCHED, '--silent'];
    const { status } = spawnSync('npm', pack, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new CannotFetch(`cannot fetch ${name}@${NODE_VERSION}`);
  }
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== INTEGRITY[platform]) {
    rmSync(archive);
    throw new Error(`${name}@${NODE_VERSION} has the hash ${found}; expected: ${INTEGRITY[platform]}`);
  }
  const unpacked = join(folder, name);
  mkdirSync(unpacked);
  execFileSync('tar', ['-xzf', archive, '-C', unpacked, '--strip-components=1', 'package/bin/node', 'package/LICENSE']);
  return { program: join(unpacked, 'bin/node'), licence: join(unpacked, 'LICENSE') };
}
