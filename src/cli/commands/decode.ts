/** `smmu-adopt decode`: one event, command, descriptor or register, from its words. */

import type { Command } from 'commander';
import { InputError } from '../../errors.ts';
import { addTextOrJson, type TextOrJsonFlags } from '../options/text-or-json.ts';
import { printReport } from '../output/print-report.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Kinds:
  event, command, pri   an entry of a queue: 32, 16 and 16 bytes
  ste, cd               a stream table entry, a context descriptor: 64 bytes
  l1, l1cd              a level 1 descriptor of a stream table, of a CD table: 8 bytes
  or the name of a register: gerror, cmdq_cons, strtab_base_cfg, idr0

Examples:
  smmu-adopt decode event 0x0000010000000010 0x0000020800000000 0x00000000ffffb002 0
  smmu-adopt decode command 0x0000000000000046 0
  smmu-adopt decode cmdq_cons 0x0100b1b7
  smmu-adopt decode gerror 0x1 cmdq_cons 0x0100b1b7
  smmu-adopt decode 0x0000010000000010 0x0000020800000000 0x00000000ffffb002 0
  smmu-adopt decode ste < words.txt

Exit status:
  0  decoded
  2  could not be decoded: bad arguments, words that are none`;

/** Adds the command to the program, to run in `session`. */
export function addDecodeCommand(program: Command, session: Session): void {
  const command = program
    .command('decode')
    .summary('what an event, a command, a descriptor or a register says, from its words')
    .description(
      'Decodes the words of an event, a command, an STE, a CD, a level 1 descriptor or a register: every field with its ' +
        'value and its meaning, and what the architecture forbids. Words have 32 or 64 bits and are hexadecimal. Without ' +
        'a kind, says what the words could be.',
    )
    .argument('[kind]', 'what the words are: event, command, pri, ste, cd, l1, or the name of a register')
    .argument('[words...]', 'the words, hexadecimal; from standard input without any');
  addTextOrJson(command)
    .addHelpText('after', EXAMPLES)
    .action((kind: string | undefined, words: string[], flags: TextOrJsonFlags) =>
      runDecode([...(kind === undefined ? [] : [kind]), ...words], flags, session),
    );
}

async function runDecode(given: readonly string[], flags: TextOrJsonFlags, session: Session): Promise<void> {
  const { decode, isWord } = await import('../../smmu/decode-words.ts');
  const hasWords = given.some(isWord);
  if (!hasWords && session.io.stdin.isTTY === true) {
    throw new InputError(
      'usage',
      'there are no words: smmu-adopt decode event 0x0000010000000010 0x0000020800000000 0xffffb002 0',
    );
  }
  await printReport(decode(...given, ...(hasWords ? [] : [await readStdin(session)])), flags, session);
}

/** More than the words of a page of entries; whoever has more has a dump. */
const MAX_INPUT_LENGTH = 1 << 20;

async function readStdin(session: Session): Promise<string> {
  let text = '';
  for await (const piece of session.stdin()) {
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('latin1');
    if (text.length > MAX_INPUT_LENGTH) {
      throw new InputError(
        'usage',
        `standard input is longer than ${MAX_INPUT_LENGTH} characters, too long for words to decode`,
      );
    }
  }
  return text;
}
