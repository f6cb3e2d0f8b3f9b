/** The executable: the command in the process that it was started as. */

import { runCommand } from './run-command.ts';

runCommand(process.argv.slice(2), process).then((status) => {
  process.exitCode = status;
});
