/** The queues as other parts of the program ask about them, and reports on whatever a dump and registers may hold. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { MemoryView } from '../../src/dump/view.ts';
import { parseSnapshot } from '../../src/index.ts';
import { commandQueueOf, eventQueueOf, pageRequestQueueOf } from '../../src/queues/queue.ts';
import { MAX_GROUPS } from '../../src/queues/queue-groups.ts';
import { type QueueReport, type QueuesOptions, queues } from '../../src/queues/queues.ts';
import { QUEUES } from '../../src/report/json/queues.ts';
import { queuesText } from '../../src/report/text/queues.ts';
import { plainStyle } from '../../src/report/text/style.ts';
import type { QueueName } from '../../src/smmu/queues/queue.ts';
import { holdsLater } from '../support/holds.ts';
import { dumpOf } from '../support/made/machine.ts';
import { CMDQ, commandWords, EVENTQ, eventWords, fill, PRIQ, queueMachine } from '../support/made/queue-machine.ts';
import { type Published, published } from '../support/published.ts';
import { expectStrictlyValidQueues } from '../support/schema.ts';
import { runs } from '../support/slow.ts';

/** How each register that a test names is known. */
type How = Readonly<Record<string, string>>;

const snapshotOf = (registers: Readonly<Record<string, unknown>>, how?: How) => {
  const provenance = how && Object.fromEntries(Object.entries(how).map(([name, known]) => [name, { how: known }]));
  return parseSnapshot({ smmus: [{ name: 'smmu0', registers, ...(provenance && { provenance }) }] }, 'regs.json');
};

/** The report of one SMMU, which always has to fit the schema and to be printable. */
async function report(
  image: Image,
  registers: Readonly<Record<string, unknown>>,
  { how, ...options }: QueuesOptions & { readonly how?: How } = {},
) {
  const snapshot = snapshotOf(registers, how);
  const made = await queues(dumpOf(image), snapshot, options);
  const json = published(QUEUES, made);
  expectStrictlyValidQueues(json);
  const text = [...queuesText(made, plainStyle(100), options.all === true)].join('');
  expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  const [smmu] = json.smmus;
  if (smmu === undefined) throw new Error('no SMMU');
  const of = (name: QueueName) => smmu.queues.find(({ queue }) => queue === name) as Published<QueueReport>;
  return { ...smmu, event: of('event'), command: of('command'), pri: of('pri'), text };
}

const { image, registers } = queueMachine();
const { EVENTQ_PROD: _prod, EVENTQ_CONS: _eventCons, ...withoutEventIndices } = registers;

describe('what concerns a stream', () => {
  const [smmu] = snapshotOf(registers).smmus;
  if (smmu === undefined) throw new Error('no SMMU');
  const view = new MemoryView(dumpOf(image));
  const types = (queue: ReturnType<typeof eventQueueOf>, sid: number) =>
    [...queue.concerning(sid)].map(({ type }) => type);

  test('events', () => {
    expect(types(eventQueueOf(smmu, view), 0x100)).toEqual(['F_TRANSLATION', 'F_TRANSLATION']);
    expect(types(eventQueueOf(smmu, view), 0x200)).toEqual(['F_PERMISSION', 'F_TRANSLATION']);
    expect(types(eventQueueOf(smmu, view), 0x8)).toEqual([]);
  });

  test('commands, those for a range of streams included', () => {
    expect(types(commandQueueOf(smmu, view), 0x100)).toEqual(['CMD_CFGI_STE', 'CMD_ATC_INV']);
    expect(types(commandQueueOf(smmu, view), 0x21f)).toEqual(['CMD_CFGI_STE_RANGE']);
    expect(types(commandQueueOf(smmu, view), 0x220)).toEqual([]);
  });

  test('page requests', () => {
    expect(types(pageRequestQueueOf(smmu, view), 0x100)).toEqual(['PPR', 'PPR']);
    expect(types(pageRequestQueueOf(smmu, view), 0x101)).toEqual([]);
  });
});

test('thousands of SMMUs with queues of the largest size are refused together, and shown one by one', async () => {
  const smmus = Array.from({ length: 9 }, (_, i) => ({
    name: `smmu${i}`,
    registers: { ...registers, CMDQ_BASE: '0x13', CMDQ_PROD: '0x80000', CMDQ_CONS: '0x0', IDR1: '0x02730000' },
  }));
  const snapshot = parseSnapshot({ captured: 'before-kdump-probe', smmus }, 'regs.json');
  const asked = (options: QueuesOptions) => queues(dumpOf(image), snapshot, { queues: ['command'], ...options });
  await expect(asked({})).rejects.toThrow(
    'regs.json: up to the SMMU "smmu4" the queues have 2621440 entries; --smmu NAME shows those of one SMMU',
  );
  expect((await asked({ smmus: ['smmu4'] })).smmus).toHaveLength(1);
});

describe('registers that the driver kept', () => {
  const { IDR0: _idr0, PRIQ_BASE: _base, PRIQ_PROD: _pri, PRIQ_CONS: _priCons, ...withoutPri } = registers;
  const how = { CMDQ_CONS: 'driver-copy', CR0: 'inferred' };

  test('commands behind its copy of CMDQ_CONS may have been executed', async () => {
    const { command, text, reconstructed } = await report(image, registers, { how });
    expect(reconstructed).toBe(true);
    expect(command).toMatchObject({ consMayLag: true, pending: 6, full: false });
    expect(new Set(command.entries.map(({ pending }) => pending))).toEqual(new Set([null]));
    expect(text).toContain('AT MOST 6 COMMANDS');
    expect(text).toContain('at most 6 not executed: ');
    expect(text).toContain('CMDQ_CONS is what the driver last read: the hardware may have gone on since');
    const read = await report(image, registers);
    expect(read).toMatchObject({ reconstructed: false, command: { consMayLag: false, pending: 6 } });
    expect(read.text).not.toContain('at most');
  });

  test('a queue that its copy makes full need not be', async () => {
    const full = { ...registers, CMDQ_PROD: '0x80', CMDQ_CONS: '0x0' };
    expect((await report(image, full)).command).toMatchObject({ pending: 128, full: true });
    expect((await report(image, full, { how })).command).toMatchObject({ pending: 128, full: null });
  });

  test('a queue that it leaves off is none, as it never set one up', async () => {
    const { pri, text } = await report(image, { ...withoutPri, CR0: '0xd' }, { how });
    expect(pri).toMatchObject({ absent: true, why: 'the driver had set up none', pending: null });
    expect(text).not.toContain('PAGE REQUESTS NOT KNOWN');
    // What was read of the hardware does not say what the driver did before.
    const read = await report(image, { ...withoutPri, CR0: '0xd' });
    expect(read.pri).toMatchObject({ absent: false, why: 'PRIQ_BASE was not captured' });
  });

  test('what it does not keep is no register that somebody failed to read', async () => {
    const { EVENTQ_PROD: _unknown, ...rest } = withoutPri;
    const { pri, event, text } = await report(image, rest, { how });
    const lack = "not among the registers that the crashed kernel's state tells";
    expect(pri.why).toBe(`PRIQ_BASE is ${lack}`);
    expect(event.why).toBe(`EVENTQ_PROD is ${lack}`);
    expect(text).not.toContain('captured');
  });
});

describe('entries', () => {
  test('around the end of the queue, in the order of time', async () => {
    const { event } = await report(image, registers, { all: true });
    expect([...event.entries].map(({ index, pending, type }) => `${index} ${pending} ${type}`)).toEqual([
      '124 false C_BAD_CD',
      '125 false F_TRANSLATION',
      '126 true F_TRANSLATION',
      '127 true F_PERMISSION',
      '0 true F_TRANSLATION',
      '1 true F_TRANSLATION',
      '2 true F_STE_FETCH',
      '3 true IMPDEF_EVENT3',
    ]);
    expect(event).toMatchObject({ pending: 6, older: 2, overflow: true, full: false, corrupt: false, waiting: 1 });
  });

  test('decoded, with their words', async () => {
    const { event } = await report(image, registers, { queues: ['event', 'command', 'pri'] });
    expect([...event.entries][1]).toEqual({
      index: 127,
      address: '0x8a000fe0',
      pending: true,
      code: 0x13,
      type: 'F_PERMISSION',
      kind: null,
      sid: 0x200,
      firstSid: 0x200,
      lastSid: 0x200,
      device: null,
      words: ['0x0000020000000013', '0x0000028200000000', '0x0000000000005000', '0x0000000090005000'],
      fields: {
        ...{ ID: 0x13, SSV: 0, SubstreamID: 0, StreamID: 0x200, STAG: 0, Stall: 0, PnU: 1, InD: 0, RnW: 0, NSIPA: 0 },
        ...{ S2: 1, CLASS: 2, TTRnW: 0, InputAddr: '0x5000', IPA: '0x90005000' },
      },
      pageState: 'present',
    });
  });

  test('of streams that were asked for', async () => {
    const { event, command } = await report(image, registers, { all: true, sids: [0x8, 0x210] });
    expect([...event.entries].map(({ type }) => type)).toEqual(['C_BAD_CD']);
    expect([...command.entries].map(({ type }) => type)).toEqual(['CMD_CFGI_STE', 'CMD_CFGI_STE_RANGE']);
    expect(command).toMatchObject({ pending: 6, concerned: 1, older: 1 });
    expect(event).toMatchObject({ pending: 6, concerned: 0, older: 1, groups: [] });
  });

  test('that the dump lacks are said to be, and never zeros', async () => {
    const { event, text } = await report(image, { ...registers, EVENTQ_BASE: '0x9a000007' }, { all: true });
    expect(event).toMatchObject({ pending: 6, notInDump: 6, older: 0, olderNotInDump: 122, groups: [] });
    for (const entry of event.entries) {
      expect(entry).toMatchObject({ pending: true, words: null, type: null, sid: null, fields: {}, pageState: 'hole' });
    }
    expect(text).toContain('6 pending and not in the dump');
  });

  test('in pages that were left out as zeros are not in the dump either', () => {
    const dump = dumpOf(image);
    const memory = {
      ...dump.memory,
      ranges: dump.memory.ranges,
      runs: (_: number, byteLength: number) => [{ offset: 0, byteLength, state: 'excluded' as const }],
      read: (_: number, into: Uint8Array) => [{ offset: 0, byteLength: into.byteLength, state: 'excluded' as const }],
    };
    const [smmu] = snapshotOf(registers).smmus;
    if (smmu === undefined) throw new Error('no SMMU');
    for (const policy of ['auto', 'zero', 'error'] as const) {
      const queue = eventQueueOf(smmu, new MemoryView({ memory, pageSize: 4096, zeroPagesFiltered: true }, policy));
      expect([...queue.pending()].map(({ words }) => words)).toEqual(Array(6).fill(null));
    }
  });
});

describe('registers', () => {
  test('without PROD and CONS, what is pending is not known', async () => {
    const { event, text } = await report(image, withoutEventIndices, { all: true });
    expect(event).toMatchObject({ pending: null, full: null, corrupt: null, overflow: null, older: 8, prod: null });
    expect(event.why).toBe('EVENTQ_PROD and EVENTQ_CONS were not captured; register page 1 has them');
    expect([...event.entries].map(({ index, pending }) => `${index} ${pending}`).slice(0, 2)).toEqual([
      '0 null',
      '1 null',
    ]);
    expect(text).toContain('PENDING EVENTS NOT KNOWN');
  });

  test('that cannot belong together', async () => {
    const { event, text } = await report(image, { ...registers, EVENTQ_PROD: '0x0', EVENTQ_CONS: '0x1' });
    expect(event).toMatchObject({ pending: null, corrupt: true, groups: [] });
    expect(event.why).toBe('PROD 0x0 and CONS 0x1 cannot belong to one moment of a queue of 128 entries');
    expect(text).toContain('not known: PROD 0x0 and CONS 0x1 cannot belong');
  });

  test('of queues that are not there', async () => {
    expect((await report(image, { ...registers, IDR0: '0x0d4c101b' })).pri).toMatchObject({
      absent: true,
      base: null,
      why: 'this SMMU takes no page requests (IDR0.PRI is 0)',
    });
    expect((await report(image, { ...registers, PRIQ_BASE: '0x0' })).pri).toMatchObject({
      absent: true,
      pending: null,
    });
    const { EVENTQ_BASE: _base, ...rest } = registers;
    expect((await report(image, rest)).event).toMatchObject({
      absent: false,
      base: null,
      why: 'EVENTQ_BASE was not captured',
    });
  });

  test('a full queue, one that is off, and a size that is too much', async () => {
    const full = await report(image, { ...registers, EVENTQ_PROD: '0xfe', EVENTQ_CONS: '0x7e', CR0: '0x1' });
    expect(full.event).toMatchObject({ pending: 128, full: true, enabled: false, overflow: false });
    expect(full.text).toContain('the queue is full');
    expect(full.text).toContain('the queue was off when the registers were read');
    const capped = await report(image, { ...registers, IDR1: '0x02679d10', EVENTQ_BASE: '0x8a00001f' });
    expect(capped.event).toMatchObject({ cappedFrom: 31, log2Size: 7, base: '0x8a000000' });
  });

  test('a stopped command queue, by what and why', async () => {
    const { command, errors } = await report(image, registers);
    expect(errors).toEqual(['CMDQ_ERR']);
    expect(command.error).toMatchObject({
      active: true,
      code: 1,
      reason: 'CERROR_ILL',
      at: { index: 10, type: 'reserved' },
    });
    const fine = await report(image, { ...registers, GERRORN: '0x5' });
    expect(fine).toMatchObject({ errors: [], command: { error: { active: false, code: 1, at: null } } });
    const { GERRORN: _n, ...unknown } = registers;
    expect(await report(image, unknown)).toMatchObject({
      errors: null,
      command: { error: { active: null, at: null } },
    });
    const { CMDQ_CONS: _cons, ...withoutCons } = registers;
    const blind = await report(image, withoutCons);
    expect(blind.command).toMatchObject({ pending: null, error: { active: true, reason: null, at: null } });
    expect(blind.text).toContain('COMMANDS STOPPED');
    expect(blind.text).toContain('stopped; CMDQ_CONS, which says where and why, was not captured');
    const msi = await report(image, { ...registers, GERROR: '0x3fc', GERRORN: '0x0' });
    expect(msi.errors).toEqual([
      ...['EVENTQ_ABT_ERR', 'PRIQ_ABT_ERR', 'MSI_CMDQ_ABT_ERR', 'MSI_EVENTQ_ABT_ERR', 'MSI_PRIQ_ABT_ERR'],
      ...['MSI_GERROR_ABT_ERR', 'CMDQP_ERR'],
    ]);
  });
});

describe('groups', () => {
  test('by stream and cause', async () => {
    const { event } = await report(image, registers);
    expect(event.groups[0]).toMatchObject({
      ...{ type: 'F_TRANSLATION', firstSid: 0x100, count: 2, firstAddress: '0xdead1000', lastAddress: '0xdead2000' },
    });
    expect(event.groups.map(({ type, firstSid, count }) => `${count} ${type} ${firstSid}`)).toHaveLength(5);
  });

  test('are no more than are read, however many streams there are', async () => {
    const many = new Image();
    const events = Array.from({ length: 1024 }, (_, sid) => eventWords('C_BAD_STREAMID', { StreamID: sid }));
    fill(many, EVENTQ, 0, events, 1024);
    const { event } = await report(many, {
      ...registers,
      EVENTQ_BASE: '0x8a00000a',
      EVENTQ_PROD: '0x400',
      EVENTQ_CONS: '0x0',
    });
    expect(event).toMatchObject({ pending: 1024, notGrouped: 1024 - MAX_GROUPS });
    expect(event.groups).toHaveLength(MAX_GROUPS);
  });

  test('all streams, where CMD_CFGI_ALL was not executed', async () => {
    const one = new Image();
    fill(one, CMDQ, 0, [commandWords('CMD_CFGI_STE_RANGE', { Range: 31 }), commandWords('CMD_TLBI_NSNH_ALL')]);
    const { command, text } = await report(one, { ...registers, CMDQ_PROD: '0x2', CMDQ_CONS: '0x0', GERROR: '0x4' });
    expect(command.groups[0]).toMatchObject({ firstSid: 0, lastSid: 0xffff_ffff });
    expect(text).toContain('- the configuration of all streams\n');
    expect(text).toContain('- translations of CMD_TLBI_NSNH_ALL\n');
  });

  test('commands that invalidate nothing', async () => {
    const one = new Image();
    fill(one, CMDQ, 0, [commandWords('CMD_SYNC'), commandWords('CMD_PREFETCH_CONFIG', { StreamID: 5 })]);
    const { text } = await report(one, { ...registers, CMDQ_PROD: '0x2', CMDQ_CONS: '0x0', GERROR: '0x4' });
    expect(text).toContain('2 not executed: none of them invalidates anything');
  });
});

test('whatever registers and memory hold, there is a report', async () => {
  const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const half = fc.nat(0xffff_ffff);
  const base = (paddr: number) =>
    fc.oneof(
      fc.constant(paddr + 5),
      fc.constant(paddr + 3),
      word.map((value) => `0x${value.toString(16)}`),
    );
  const made = fc.record(
    {
      ...{ IDR0: half, CR0: half, GERROR: half, GERRORN: half },
      ...{ EVENTQ_BASE: base(EVENTQ), CMDQ_BASE: base(CMDQ), PRIQ_BASE: base(PRIQ) },
      ...{ EVENTQ_PROD: half, EVENTQ_CONS: half, CMDQ_PROD: half, CMDQ_CONS: half, PRIQ_PROD: half, PRIQ_CONS: half },
    },
    { requiredKeys: [] },
  );
  // At most 128 entries each: it takes long to say of half a million that they are not in the dump.
  const IDR1 = (7 << 21) | (7 << 16) | (7 << 11);
  await holdsLater(
    fc.asyncProperty(
      made,
      fc.array(word, { minLength: 64, maxLength: 64 }),
      fc.boolean(),
      async (values, words, all) => {
        const memory = new Image().write(EVENTQ, words).write(CMDQ, words).write(PRIQ, words);
        const given = { STRTAB_BASE: 0, STRTAB_BASE_CFG: 0, IDR1, ...values };
        await report(memory, given, { all });
        await report(memory, given, { all, sids: [0, 5, 0xffff_ffff] });
      },
    ),
    { numRuns: runs(60) },
  );
});
