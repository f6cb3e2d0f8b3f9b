/** The script and the style sheet of the report, and how its Content-Security-Policy names them. */

import { createHash } from 'node:crypto';
import { bundledAssets } from './bundled.ts';

export interface Asset {
  readonly text: string;
  /** As a Content-Security-Policy has it. */
  readonly hash: string;
}

export interface Assets {
  readonly script: Asset;
  readonly style: Asset;
}

let assets: Assets | undefined;

export function reportAssets(): Assets {
  if (assets === undefined) {
    const { script, style } = bundledAssets();
    assets = { script: hashed(script), style: hashed(style) };
  }
  return assets;
}

function hashed(text: string): Asset {
  return { text, hash: `sha256-${createHash('sha256').update(text).digest('base64')}` };
}
