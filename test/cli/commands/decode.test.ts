/** `smmu-adopt decode`: what is typed or piped in, and what comes out. */

import { describe, expect, test } from 'vitest';
import { DECODE } from '../../../src/report/json/decode.ts';
import { decode as decodeWords } from '../../../src/smmu/decode-words.ts';
import { run } from '../../support/command.ts';
import { expectStrictlyValidDecode } from '../../support/schema.ts';

interface Json {
  readonly records: readonly {
    kind: string;
    name: string;
    code: number | null;
    words: string[];
    fields: Record<string, unknown>;
    problems: string[];
  }[];
}

/** As the command has it, without a process. */
function decode(...words: string[]): Json['records'] {
  const json = JSON.parse(JSON.stringify(DECODE.toJson(decodeWords(...words)))) as Json;
  expectStrictlyValidDecode(json);
  return json.records;
}
const names = (...words: string[]) => decode(...words).map(({ kind, name }) => `${kind} ${name}`);
const refused = (...words: string[]) => {
  try {
    decode(...words);
  } catch (error) {
    return (error as Error).message;
  }
  return 'not refused';
};

const EVENT = ['0x0000010000000010', '0x0000020800000000', '0x00000000ffffb002', '0x0'];

test('the command prints fields with their meaning', async () => {
  const { stdout, status } = await run(['decode', 'cmdq_cons', '0x0100b1b7']);
  expect({ stdout, status }).toEqual({
    stdout: `CMDQ_CONS  register
  Command queue consumer (hardware)
  Field    Bits   Value  Means
  -----  ------  ------  -----------------------------------------------------------
  RD      19..0  0xb1b7  Read index, with the wrap bit at bit CMDQ_BASE.LOG2SIZE
  ERR    30..24       1  Reason of the active CMDQ_ERR: illegal command (CERROR_ILL)
`,
    status: 0,
  });
});

test('words from standard input, as a memory display has them', async () => {
  const input =
    '0x5a200000: 0x00000010 0x00000100 0x00000000 0x00000208\n0x5a200010: 0xffffb002 0x00000000 0x00000000 0x00000000\n';
  const { stdout } = await run(['decode', 'event', '--format', 'json'], { stdin: input });
  expect(JSON.parse(stdout)).toMatchObject({ records: [{ name: 'F_TRANSLATION', fields: { StreamID: 256 } }] });
});

describe('what the words are', () => {
  test('an event', () => {
    expect(decode('event', ...EVENT)).toMatchObject([
      {
        ...{ kind: 'event', name: 'F_TRANSLATION', code: 16, problems: [] },
        words: ['0x0000010000000010', '0x0000020800000000', '0x00000000ffffb002', '0x0000000000000000'],
        fields: { StreamID: 256, InputAddr: '0xffffb002', STAG: null, IPA: null, RnW: 1 },
      },
    ]);
  });

  test.each([
    [['command', '0x46', '0'], ['command CMD_SYNC']],
    [['pri', '0x100', '0'], ['pri PPR']],
    [['ste', '0xb', '0', '0', '0', '0', '0', '0', '0'], ['ste STE']],
    [['l1', '0x0000000042010009'], ['l1 L1STD']],
    [['GERROR', '0x1'], ['register GERROR']],
    [['smmu_strtab_base', '0x42000000'], ['register STRTAB_BASE']],
    [
      ['gerror=0x1', 'CMDQ_CONS=0x0100b1b7'],
      ['register GERROR', 'register CMDQ_CONS'],
    ],
    [
      ['event', ...EVENT, ...EVENT],
      ['event F_TRANSLATION', 'event F_TRANSLATION'],
    ],
    [['command', '00000046', '00000000', '00000000', '00000000'], ['command CMD_SYNC']],
    [EVENT, ['event F_TRANSLATION']],
    [['0x0000000042010009'], ['l1 L1STD']],
  ])('%j', (words, expected) => {
    expect(names(...words)).toEqual(expected);
  });

  test('a register of 64 bits from its halves, low first', () => {
    expect(decode('strtab_base', '0x42000000', '0x40000000')[0]?.words).toEqual(['0x4000000042000000']);
  });

  test('a descriptor of one word, as its digits were written', () => {
    expect(decode('l1', '0x42010009')[0]).toMatchObject({ fields: { Span: 9, L2Ptr: '0x42010000' }, problems: [] });
    expect(decode('l1', '42010009', '00000000')[0]).toMatchObject({ fields: { Span: 9, L2Ptr: '0x42010000' } });
  });

  test('words that are missing leave their fields unknown', () => {
    const [record] = decode('event', ...EVENT.slice(0, 2));
    expect(record?.fields).toMatchObject({ StreamID: 256, RnW: 1, InputAddr: null });
    expect(record?.problems).toEqual(['2 of 4 words: the fields of the others are not known']);
  });
});

test.each([
  [['evnt', '0x10'], '"evnt" is neither a word nor a kind'],
  [['event'], 'there are no words behind event'],
  [['event', '12'], '"12" may be hexadecimal or decimal: write 0x12 or 0xc'],
  [['CR0', 'd'], '"d" is hexadecimal: write 0xd'],
  [['event', '0x00000000000000010'], '"0x00000000000000010" has more than 64 bits'],
  [['gerror', '0x100000000'], '0x100000000 is too large for GERROR, which has 32 bits'],
  [['gerror', '1', '2'], 'GERROR has 32 bits: one word'],
  [['0x1', '0x2', '0x3'], 'no kind has 3 words'],
  [
    ['arm-smmu-v3 a.iommu: event 0x10 received:'],
    'these are lines of a kernel log: `smmu-adopt log` reads them as they are',
  ],
])('%j is refused', (words, message) => {
  expect(refused(...words)).toContain(message);
});
