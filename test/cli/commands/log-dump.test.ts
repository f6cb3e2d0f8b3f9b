/** `smmu-adopt log --dump`: the faults of a log, put to the tables of a dump. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from '../../support/command.ts';
import { expectStrictlyValidLog } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { driverLines } from '../../support/writers/log-writer.ts';

const folder = temporaryFolder();
const SAMPLE = fileURLToPath(new URL('../../../samples/real-qemu/', import.meta.url));
const SMMU = '9050000.smmuv3';

const fault = (sid: number, address: bigint): [bigint, bigint, bigint, bigint] => [
  (BigInt(sid) << 32n) | 0x10n,
  0x0000_0208_0000_0000n,
  address,
  0n,
];
const logOf = (device: string, records: readonly [bigint, bigint, bigint, bigint][]) =>
  driverLines(
    records.map((words) => ({ device, words })),
    'v5',
  )
    .map((line) => `arm-smmu-v3 ${line.device}: ${line.body}\n`)
    .join('');

async function inDump(device: string, records: readonly [bigint, bigint, bigint, bigint][]) {
  const log = folder.write('log.txt', logOf(device, records));
  const args = ['log', log, '--dump', 'dump.elf', '--regs', 'regs.json', '--format', 'json'];
  const { stdout, stderr, status } = await run(args, { cwd: SAMPLE });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const json = JSON.parse(stdout);
  expectStrictlyValidLog(json);
  return json.smmus[0].events.map((event: { inDump: unknown }) => event.inDump);
}

describe('what the tables say now', () => {
  const nothing = { fault: null, pa: null, same: false, inQueue: 0 };

  test('of a stream that aborts, one beyond the table, and one whose tables the dump lacks', async () => {
    expect(await inDump(SMMU, [fault(0x108, 0x1000n), fault(0x10_0000, 0n), fault(0x100, 0xffff_b002n)])).toEqual([
      { ...nothing, outcome: 'abort', why: 'STE.Config is 0', says: 'the stream aborts now: STE.Config is 0' },
      expect.objectContaining({ ...nothing, outcome: 'fault', fault: 'C_BAD_STREAMID' }),
      expect.objectContaining({ ...nothing, outcome: 'indeterminate' }),
    ]);
  });

  test('of an event that would come again', async () => {
    const [said] = await inDump(SMMU, [[0x0010_0000_0000_0002n, 0n, 0n, 0n]]);
    expect(said).toMatchObject({ outcome: 'fault', fault: 'C_BAD_STREAMID', same: true });
    expect(said.says).toMatch(/^still C_BAD_STREAMID: /);
  });

  test('an only SMMU may be called otherwise in the log', async () => {
    expect(await inDump('arm-smmu-v3.0.auto', [fault(0x108, 0x1000n)])).toMatchObject([{ outcome: 'abort' }]);
  });

  test('nothing of an event whose stream is not known', async () => {
    const log = folder.write('cut.txt', `arm-smmu-v3 ${SMMU}: event 0x10 received:\n`);
    const { stdout } = await run(['log', log, '--dump', 'dump.elf', '--regs', 'regs.json', '--format', 'json'], {
      cwd: SAMPLE,
    });
    expect(JSON.parse(stdout).smmus[0].events).toMatchObject([{ sid: null, inDump: null }]);
  });
});

describe('what the memory of the event queue has', () => {
  const cwd = fileURLToPath(new URL('../../../samples/queues-left/', import.meta.url));
  const NAME = 'arm-smmu-v3.0.auto';
  const suppressed = 'arm_smmu_evtq_thread: 7 callbacks suppressed\n';
  const logged = logOf(NAME, [[0x0100_0000_0010n, 0x0002_0000_0000n, 0xdead_0000n, 0n]]);
  const args = (text: string) => ['log', folder.write('log.txt', text), '--dump', 'dump.raw', '--regs', 'regs.json'];

  test.each([
    ['a record that the log has', logged, { records: 2, unread: 2, notInLog: 1 }],
    ['the same from the limit of the kernel', suppressed + logged, { records: 2, unread: 2, notInLog: 1 }],
    ['a record that was cut, which may be any', logged.split('\n').slice(0, 2).join('\n'), { notInLog: 1 }],
    ['nothing but the limit', `arm-smmu-v3 ${NAME}: option mask 0x0\n${suppressed}`, { records: 2, notInLog: 2 }],
  ])('%s', async (_, text, expected) => {
    const { stdout, stderr } = await run([...args(text), '--format', 'json'], { cwd });
    expect(stderr).toBe('');
    const json = JSON.parse(stdout);
    expectStrictlyValidLog(json);
    expect(json.smmus[0].eventQueue).toMatchObject(expected);
  });

  test('in words', async () => {
    const { stdout } = await run([...args(suppressed + logged), '--color', 'never'], { cwd });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'in the dump the memory of the event queue has 2 records, 2 of them unread; at least 1 not in the log: ' +
        'smmu-adopt queues DUMP --queue event --all',
    );
  });

  test('nothing without a dump', async () => {
    const { stdout } = await run(['log', folder.write('log.txt', logged), '--format', 'json'], { cwd });
    expect(JSON.parse(stdout).smmus[0].eventQueue).toBeNull();
  });
});

test('registers belong to a dump', async () => {
  const { stderr, status } = await run(['log', 'x.txt', '--regs', 'regs.json'], { cwd: SAMPLE });
  expect(status).toBe(2);
  expect(stderr).toContain('--regs belongs to a dump');
});

test('a dump without a log says what to do', async () => {
  const { stderr, status } = await run(['log', '--dump', 'dump.elf'], { cwd: SAMPLE });
  expect(status).toBe(2);
  expect(stderr).toContain('has no kernel log that can be found: name one beside it');
});

test('the sample is what the expectations are about', () => {
  expect(JSON.parse(readFileSync(`${SAMPLE}regs.json`, 'utf8')).smmus).toMatchObject([{ name: SMMU }]);
});
