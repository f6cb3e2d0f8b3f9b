/** How does this program start itself again? As a script of Node, or as the one file that Node and the program are in. */

import type { CommandIo } from '../output/io.ts';

/** Program and arguments, those of the command to follow; null where this is no process of the program's own. */
export async function selfCommand(io: CommandIo): Promise<readonly string[] | null> {
  if ((io as unknown) !== process) return null;
  const [, script] = process.argv;
  return script === undefined || (await isOneFile()) ? [process.execPath] : [process.execPath, ...GC, script];
}

/**
 * Whoever starts itself again does so once for each processor: threads of V8's that help with its garbage would only wait
 * for each other, which takes a third of the time of small inspections. Only Node's own command line has the option.
 */
const GC: readonly string[] = ['--single-threaded-gc'];

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
