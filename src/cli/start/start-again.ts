/** How does this program start itself again? As a script of Node, or as the one file that Node and the program are in. */

import type { CommandIo } from '../output/io.ts';

/** Program and arguments, those of the command to follow; null where this is no process of the program's own. */
export async function selfCommand(io: CommandIo): Promise<readonly string[] | null> {
  if ((io as unknown) !== process) return null;
  const [, script] = process.argv;
  return script === undefined || (await isOneFile()) ? [process.execPath] : [process.execPath, ...HEAP, script];
}

/**
 * Of V8's heap; only Node's own command line has these. Whoever starts itself again does so once for each processor: threads
 * that help with garbage would only wait for each other, which takes a third of the time of small inspections. And the whole
 * heap is gone through for the first time when it is this many megabytes large, which in most runs it never is.
 */
const HEAP: readonly string[] = ['--single-threaded-gc', '--initial-old-space-size=64'];

/** Node before 20.12 cannot be in one file with a program, and has no such module. */
async function isOneFile(): Promise<boolean> {
  try {
    return (await import('node:sea')).isSea();
  } catch {
    return false;
  }
}

/** What Ctrl-C, a terminal that is closed, or a system that shuts down asks to stop. The second time ends the program as it is. */
export function stopper(io: CommandIo): AbortController {
  const controller = new AbortController();
  if ((io as unknown) !== process) return controller;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => controller.abort());
  return controller;
}
