/** `smmu-adopt queues` from outside: what it prints, its JSON, what it refuses, and real dumps. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import type { QueueReport, QueuesReport } from '../../../src/queues/queues.ts';
import { run } from '../../support/command.ts';
import { queueMachine, writeMachine } from '../../support/made/queue-machine.ts';
import { ADOPT_V6, QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';
import { expectStrictlyValidQueues } from '../../support/schema.ts';
import { someOf } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const { image, registers } = queueMachine();
const MACHINE = writeMachine(folder, 'machine', image, registers);
const OUTSIDE = writeMachine(folder, 'outside', image, { ...registers, CMDQ_BASE: '0x9b000007' });

async function queues(args: readonly string[], { status = 0, cwd = folder.path, width = 100 } = {}): Promise<string> {
  const outcome = await run(['queues', ...args], { cwd });
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr: '', status });
  expect(outcome.stdout).toMatch(/^[\n\x20-\x7e]*$/);
  expect(outcome.stdout.split('\n').filter((line) => line.length > width)).toEqual([]);
  return outcome.stdout;
}

/** What `--format json` says, which always has to fit the schema. */
async function json(args: readonly string[], options: Parameters<typeof queues>[1] = {}) {
  const parsed = JSON.parse(
    await queues([...args, '--format', 'json'], { ...options, width: Number.POSITIVE_INFINITY }),
  );
  expectStrictlyValidQueues(parsed);
  const report = parsed as QueuesReport;
  const of = (name: string) => report.smmus[0]?.queues.find(({ queue }) => queue === name) as QueueReport;
  return { report, of, event: of('event'), command: of('command') };
}

/** A part of the text: from a line on, up to the next empty one. */
const part = (text: string, start: string) => text.slice(text.indexOf(start)).split('\n\n', 1)[0];

describe('a machine that was caught in the act', () => {
  test('in text: what is pending and what it means first', async () => {
    expect(await queues(MACHINE)).toBe(
      `smmu0: 6 EVENTS, 6 COMMANDS, 2 PAGE REQUESTS PENDING; EVENTS LOST; COMMANDS STOPPED BY CERROR_ILL
  events         6 that the crashed kernel had not read; no kdump kernel reads them: 2 F_TRANSLATION
                 of SID 0x100, 1 F_PERMISSION of SID 0x200, 1 F_TRANSLATION of SID 0x200, 1
                 F_STE_FETCH of SID 0x300 and 1 more
                 1 transaction is stalled, with nobody left to answer
                 more were lost: the queue overflowed, and nobody had acknowledged that
  commands       6 not executed: what the hardware uses may be older than what memory holds
                 - the configuration of SID 0x100, SIDs 0x200-0x21f
                 - translations of VMID 0 ASID 5
                 - translations that devices cache (ATS), of SID 0x100
                 a kdump kernel drops them; its reset invalidates everything, except what devices
                 cache
                 stopped by reserved 0x90 at 0x8a1000a0: illegal command (CERROR_ILL); nothing
                 behind it was executed
  page requests  2 that the crashed kernel had not answered; no kdump kernel does: 1 answer is due,
                 to SID 0x100
  GERROR         CMDQ_ERR is active: Command error; see CMDQ_CONS.ERR

Event queue  128 entries at 0x8a000000, on
  PROD 0x84 (index 4, wrap 1), CONS 0x7e (index 126, wrap 0)

Event queue, pending  by type and stream
  Count  Type             SID  Stalled  First address  Last address
  -----  -------------  -----  -------  -------------  ------------
      2  F_TRANSLATION  0x100        0     0xdead1000    0xdead2000
      1  F_PERMISSION   0x200        0         0x5000        0x5000
      1  F_TRANSLATION  0x200        1         0x6000        0x6000
      1  F_STE_FETCH    0x300        0    0x900000040   0x900000040
      1  IMPDEF_EVENT3      -        0              -             -
  F_TRANSLATION: The address is not mapped, or lies outside what the tables cover. Typical of DMA
                 that goes on after its buffer was unmapped, and of a wrong address in a device.
  F_PERMISSION: The page is mapped, but not for this access: a write to a read-only page most of
                all.
  F_STE_FETCH: Reading the STE, or the L1 descriptor before it, ended in an abort: the pointer names
               memory that does not answer.
  IMPDEF_EVENT3: Implementation defined: see the SMMU's manual.

Event queue, entry by entry  oldest first
  Index          At  Type             SID  Says
  -----  ----------  -------------  -----  ---------------------------------------------------------
    126  0x8a000fc0  F_TRANSLATION  0x100  privileged data read of 0xdead1000, stage 1
    Words 0x0000010000000010 0x0000020a00000000 0x00000000dead1000 0x0000000000000000
    127  0x8a000fe0  F_PERMISSION   0x200  privileged data write of 0x5000, stage 2, IPA 0x90005000
    Words 0x0000020000000013 0x0000028200000000 0x0000000000005000 0x0000000090005000
      0  0x8a000000  F_TRANSLATION  0x100  privileged data read of 0xdead2000, stage 1
    Words 0x0000010000000010 0x0000020a00000000 0x00000000dead2000 0x0000000000000000
      1  0x8a000020  F_TRANSLATION  0x200  privileged data read of 0x6000, stage 1, STALLED with
                                           STAG 0x7f
    Words 0x0000020000000010 0x0000020a8000007f 0x0000000000006000 0x0000000000000000
      2  0x8a000040  F_STE_FETCH    0x300  nothing answers at 0x900000040, reason 0x2
    Words 0x0000030000000003 0x0000000000000002 0x0000000000000000 0x0000000900000040
      3  0x8a000060  IMPDEF_EVENT3      -  -
    Words 0x00000000000000e3 0x0000000000000001 0x0000000000000002 0x0000000000000003

Command queue  128 entries at 0x8a100000, on
  PROD 0x10 (index 16, wrap 0), CONS 0xa (index 10, wrap 0)

Command queue, pending  by type and stream
  Count  Type                        SID  VMID  ASID  First address  Last address
  -----  ------------------  -----------  ----  ----  -------------  ------------
      1  reserved 0x90                 -     -     -              -             -
      1  CMD_CFGI_STE              0x100     -     -              -             -
      1  CMD_CFGI_STE_RANGE  0x200-0x21f     -     -              -             -
      1  CMD_TLBI_NH_VA                -     0     5     0xdead0000    0xdead0000
      1  CMD_ATC_INV               0x100     -     -            0x0           0x0
      1  CMD_SYNC                      -     -     -              -             -

Command queue, entry by entry  oldest first
  Index          At  Type                        SID  Says
  -----  ----------  ------------------  -----------  ----------------------------------------------
     10  0x8a1000a0  reserved 0x90                 -  -
    Words 0x0000000000000090 0x0000000000000000
     11  0x8a1000b0  CMD_CFGI_STE              0x100  last level only
    Words 0x0000010000000003 0x0000000000000001
     12  0x8a1000c0  CMD_CFGI_STE_RANGE  0x200-0x21f  32 streams
    Words 0x0000020000000004 0x0000000000000004
     13  0x8a1000d0  CMD_TLBI_NH_VA                -  VMID 0, ASID 5, 64 KiB at 0xdead0000, last
                                                      level only
    Words 0x000500000000f012 0x00000000dead0401
     14  0x8a1000e0  CMD_ATC_INV               0x100  all addresses
    Words 0x0000010000000040 0x0000000000000034
     15  0x8a1000f0  CMD_SYNC                      -  signals SEV
    Words 0x0000000000002046 0x0000000000000000

PRI queue  128 entries at 0x8a200000, on
  PROD 0x2 (index 2, wrap 0), CONS 0x0 (index 0, wrap 0)

PRI queue, pending  by type and stream
  Count  Type    SID  Last of group  First address  Last address
  -----  ----  -----  -------------  -------------  ------------
      2  PPR   0x100              1     0x70001000    0x70002000
  PPR: A PCIe device asks for a page (PRI) and waits for the answer to the last request of the
       group.

PRI queue, entry by entry  oldest first
  Index          At  Type    SID  Says
  -----  ----------  ----  -----  ------------------------------------------------------------
      0  0x8a200000  PPR   0x100  page 0x70001000, wants R W, SubstreamID 7, group 3
    Words 0xb000000700000100 0x0000000070001003
      1  0x8a200010  PPR   0x100  page 0x70002000, wants R, SubstreamID 7, group 3, last of it
    Words 0xd000000700000100 0x0000000070002003
`,
    );
  });

  test('older entries on demand, marked as such', async () => {
    const text = await queues([...MACHINE, '--all', '--queue', 'event']);
    expect(part(text, 'Event queue, older')).toContain('1  C_BAD_CD         0x8        0              -             -');
    expect(part(text, 'Event queue, entry by entry')).toMatch(/older +124 +0x8a000f80 +C_BAD_CD +0x8 +SubstreamID 3\n/);
    expect(text).toContain('2 older, still in memory');
    expect(text).not.toContain('Command queue');
  });

  test('streams that are asked for', async () => {
    const text = await queues([...MACHINE, '--sid', '0x210', '--queue', 'command,event']);
    expect(text).toContain('1 of them about the streams asked for');
    expect(text).toContain('- the configuration of SIDs 0x200-0x21f\n');
    expect(text).not.toContain('CMD_ATC_INV');
  });

  test('in JSON', async () => {
    const { report, event, command } = await json([...MACHINE, '--all']);
    expect(report.smmus[0]).toMatchObject({ name: 'smmu0', base: '0x9050000', errors: ['CMDQ_ERR'] });
    expect(event).toMatchObject({
      base: '0x8a000000',
      log2Size: 7,
      prod: 0x84,
      cons: 0x7e,
      pending: 6,
      overflow: true,
    });
    expect([...event.entries].map(({ pending }) => pending)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
    expect([...command.entries].map(({ type }) => type)).toEqual([
      ...['CMD_CFGI_STE', 'CMD_SYNC', 'reserved', 'CMD_CFGI_STE', 'CMD_CFGI_STE_RANGE', 'CMD_TLBI_NH_VA'],
      ...['CMD_ATC_INV', 'CMD_SYNC'],
    ]);
  });

  test('entries are one line each in JSON', async () => {
    const text = await queues([...MACHINE, '--format', 'json'], { width: 1000 });
    expect(text.match(/^ +\{"index":/gm)).toHaveLength(6 + 6 + 2);
  });
});

test('pending entries that are not in the dump make the exit status 3', async () => {
  const text = await queues(OUTSIDE, { status: 3 });
  expect(text).toContain('6 pending and not in the dump: what they say is not known');
  expect(text).toContain('not in the dump (hole)');
  expect((await json(OUTSIDE, { status: 3 })).command).toMatchObject({ notInDump: 6, groups: [] });
  await queues([...OUTSIDE, '--queue', 'event']);
});

test('nothing pending, in the sample of a real kernel', async () => {
  const text = await queues(['dump.elf', '--regs', 'regs.json'], { cwd: join(SAMPLES_FOLDER, 'real-qemu') });
  expect(text).toBe(`9050000.smmuv3: NOTHING PENDING
  events         none pending
                 --all lists what the memory of the queue still holds
  commands       none pending
                 --all lists what the memory of the queue still holds
  page requests  no queue: this SMMU takes no page requests (IDR0.PRI is 0)

Event queue  32768 entries at 0x56a00000, on
  PROD 0x8 (index 8, wrap 0), CONS 0x8 (index 8, wrap 0)

Command queue  65536 entries at 0x56900000, on
  PROD 0x419 (index 1049, wrap 0), CONS 0x419 (index 1049, wrap 0)
`);
});

test('a snapshot that says nothing of queues, and several SMMUs', async () => {
  const text = await queues(['dump.raw', '--regs', 'regs.json'], { cwd: join(SAMPLES_FOLDER, 'two-smmus') });
  expect(text.match(/^\S+: PENDING EVENTS, COMMANDS NOT KNOWN$/gm)).toHaveLength(2);
  expect(text).toContain('not known: EVENTQ_BASE was not captured');
  const [name] = /^[^:]+/.exec(text) ?? [];
  const args = ['dump.raw', '--regs', 'regs.json', '--smmu', String(name)];
  expect((await json(args, { cwd: join(SAMPLES_FOLDER, 'two-smmus') })).report.smmus).toHaveLength(1);
});

describe('what it refuses, in one line', () => {
  test.each([
    [[...MACHINE, '--queue', 'event,'], '"event," has nothing behind the last comma where the name of a queue belongs'],
    [[...MACHINE, '--queue', 'events'], '"events" is not a queue: event, command, pri'],
    [[...MACHINE, '--smmu', 'other'], 'no SMMU "other"; there are smmu0'],
    [[...MACHINE, '--sid', 'x'], '"x" is not a StreamID'],
    [[MACHINE[0] ?? ''], 'no state of the crashed kernel was found, because there is no VMCOREINFO'],
    [['missing.elf', '--regs', 'machine.json'], 'missing.elf: '],
  ])('%j', async (args, message) => {
    const { stdout, stderr, status } = await run(['queues', ...args], { cwd: folder.path });
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});

// Real dumps, with what a script of its own found in the RAM image.
const whyNotQemuA = whyNot(QEMU_A);

describe.skipIf(whyNotQemuA)(`a real dump${whyNotQemuA}`, () => {
  test.each([
    ['live-trim.kdump-zlib.flat', 'regs.json', 'groundtruth.json'],
    ['vmcore.d31.zlib', 'regs-panic.json', 'groundtruth-vmcore.json'],
  ])(
    '%s holds the events that the emulator recorded, and the commands of the kernel',
    async (dump, regs, groundtruth) => {
      const truth = JSON.parse(readFileSync(join(QEMU_A, groundtruth), 'utf8'));
      const { event, command } = await json([join(QEMU_A, dump), '--regs', join(QEMU_A, regs), '--all']);
      const { faults } = truth;
      const { pa, log2size, prod, cons, records_in_ram } = truth.eventq;
      expect(event).toMatchObject({ base: pa, log2Size: log2size, prod: Number(prod), cons: Number(cons), pending: 0 });
      const entries = [...event.entries];
      expect(entries.map(({ index, words }) => ({ slot: index, words }))).toEqual(records_in_ram);
      expect(entries.every(({ pending }) => pending === false)).toBe(true);
      const found = entries.map(({ index, code, sid, fields }) => [index, code, sid, Number(fields['InputAddr'])]);
      expect(found).toEqual(
        faults.map((fault: { slot: number; event_id: string; sid: string; iova: string }) => [
          ...[fault.slot, Number(fault.event_id), Number(fault.sid), Number(fault.iova)],
        ]),
      );
      // The kernel writes no others than these, and ends every batch of them with a CMD_SYNC.
      const commands = [...command.entries];
      expect(command).toMatchObject({ base: '0x56900000', log2Size: 16, pending: 0, prod: command.cons });
      expect(commands.map(({ index }) => index)).toEqual(Array.from({ length: command.prod ?? 0 }, (_, i) => i));
      expect(commands.filter(({ kind }) => kind === 'unknown')).toEqual([]);
      expect(commands.at(-1)?.type).toBe('CMD_SYNC');
    },
  );
});

const whyNotAdopt = whyNot(ADOPT_V6);
const runs =
  whyNotAdopt === '' ? readdirSync(ADOPT_V6, { withFileTypes: true }).filter((one) => one.isDirectory()) : [];

describe.skipIf(whyNotAdopt)(`dumps of machines that crashed${whyNotAdopt}`, () => {
  test.each(
    someOf(
      runs.map(({ name }) => name),
      3,
    ),
  )('%s', async (name) => {
    const args = [join(ADOPT_V6, name, 'dump.elf'), '--regs', join(ADOPT_V6, name, 'regs.json'), '--all'];
    const { command, event, of } = await json(args);
    expect(of('pri')).toMatchObject({ absent: true });
    expect([command.pending, event.pending]).toEqual([0, 0]);
    const commands = [...command.entries];
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter(({ kind }) => kind === 'unknown')).toEqual([]);
    expect(commands.at(-1)).toMatchObject({
      type: 'CMD_SYNC',
      index: ((command.prod ?? 0) % 2 ** (command.log2Size ?? 0)) - 1,
    });
  });
});
