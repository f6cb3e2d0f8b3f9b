/** Starts the server of range-server.mjs for a test file, and stops it when the file is done. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const PROGRAM = fileURLToPath(new URL('range-server.mjs', import.meta.url));

/** One request, as the server saw it. */
export interface Asked {
  readonly url: string;
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly authorization: string | null;
  /** Null where no answer was given. */
  readonly status: number | null;
}

export interface RangeServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT/FAULT/NAME`. */
  url(fault: string, name: string): string;
  /** What was asked for since the last call. */
  log(): Promise<Asked[]>;
}

export async function startRangeServer(folder: string): Promise<RangeServer> {
  const child = spawn(process.execPath, [PROGRAM, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  afterAll(() => child.stdin.end());
  const [line] = await once(child.stdout, 'data');
  const port = Number(String(line));
  const origin = `http://127.0.0.1:${port}`;
  return {
    port,
    url: (fault, name) => `${origin}/${fault}/${name}`,
    log: async () => (await fetch(`${origin}/log`)).json() as Promise<Asked[]>,
  };
}
