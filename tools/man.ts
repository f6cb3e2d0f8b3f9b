/** `npm run man`: writes the manual page anew. */

import { writeFileSync } from 'node:fs';
import { describeCommand } from '../src/cli/definitions.ts';
import { makeProgram } from '../src/cli/program.ts';
import { Session } from '../src/cli/session.ts';
import { manPage } from './man-page.ts';

const page = new URL('../man/smmu-adopt.1', import.meta.url);
writeFileSync(page, manPage(describeCommand(await makeProgram(new Session(process)))));
