/** What the crashed kernel left in its queues. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { inspectMachine, type MachineOptions } from '../../support/made/machine.ts';
import { CMDQ, commandWords, EVENTQ, eventWords, fill, PRIQ } from '../../support/made/queue-machine.ts';
import { busZero, found, rulesOf } from '../../support/made/risk-machine.ts';

const RULES = [
  'command-error',
  'commands-pending',
  'invalidations-pending',
  'events-unread',
  'events-lost',
  'page-requests-pending',
] as const;

/** Eight entries in each queue, of which none is pending. */
const IDLE = {
  IDR0: '0x0d4d101b',
  IDR1: '0x02739d10',
  CMDQ_BASE: `0x${(CMDQ + 3).toString(16)}`,
  CMDQ_PROD: '0x5',
  CMDQ_CONS: '0x5',
  EVENTQ_BASE: `0x${(EVENTQ + 3).toString(16)}`,
  EVENTQ_PROD: '0x5',
  EVENTQ_CONS: '0x5',
  PRIQ_BASE: `0x${(PRIQ + 3).toString(16)}`,
  PRIQ_PROD: '0x5',
  PRIQ_CONS: '0x5',
};

async function withQueues(registers: Record<string, string>, provenance?: MachineOptions['provenance']) {
  const image = busZero(new Image()).reserve(EVENTQ, 4096).reserve(CMDQ, 4096).reserve(PRIQ, 4096);
  fill(image, CMDQ, 5, [commandWords('CMD_CFGI_STE', { StreamID: 8, Leaf: 1 }), commandWords('CMD_SYNC')], 8);
  fill(image, EVENTQ, 5, [eventWords('C_BAD_STE', { StreamID: 8 }), eventWords('C_BAD_STE', { StreamID: 16 })], 8);
  return inspectMachine(image, { registers: { ...IDLE, ...registers }, provenance });
}

const queueRules = async (registers: Record<string, string>) => {
  const rules = rulesOf(await withQueues(registers));
  return RULES.filter((rule) => rules.has(rule));
};

test('queues in which PROD is CONS have nothing to say', async () => {
  expect(await queueRules({})).toEqual([]);
});

describe('commands', () => {
  test('pending, with those that invalidate', async () => {
    const inspected = await withQueues({ CMDQ_PROD: '0x7' });
    expect(found(inspected, 'commands-pending')).toEqual([
      { args: { commands: 2, what: '1 CMD_CFGI_STE for SID 0x8, 1 CMD_SYNC', consMayLag: false }, location: {} },
    ]);
    expect(found(inspected, 'invalidations-pending')).toEqual([
      { args: { commands: 1, what: '1 CMD_CFGI_STE for SID 0x8', repeated: 0, consMayLag: false }, location: {} },
    ]);
  });

  test("behind a CMDQ_CONS that is the driver's copy: at most so many", async () => {
    const { findings } = await withQueues({ CMDQ_PROD: '0x7' }, { CMDQ_CONS: { how: 'driver-copy' } });
    const said = (rule: string) => findings.filter((finding) => finding.rule === rule).map(({ message }) => message);
    expect(said('commands-pending')).toEqual([
      'at most 2 commands were not executed: 1 CMD_CFGI_STE for SID 0x8, 1 CMD_SYNC',
    ]);
    expect(said('invalidations-pending')).toEqual([
      expect.stringMatching(/^at most 1 invalidation was not executed \(/),
    ]);
  });

  test('about more streams than are counted one by one are in the dump all the same', async () => {
    const image = busZero(new Image()).reserve(CMDQ, 512 * 16);
    const commands = Array.from({ length: 300 }, (_, StreamID) => commandWords('CMD_CFGI_STE', { StreamID, Leaf: 1 }));
    fill(image, CMDQ, 0, commands, 512);
    const registers = { ...IDLE, CMDQ_BASE: `0x${(CMDQ + 9).toString(16)}`, CMDQ_PROD: '0x12c', CMDQ_CONS: '0x0' };
    const [finding] = found(await inspectMachine(image, { registers }), 'commands-pending');
    expect(finding?.args).toMatchObject({ commands: 300, what: expect.stringMatching(/ SID 0x3, 296 others$/) });
  });

  test('a CMD_SYNC alone invalidates nothing', async () => {
    expect(await queueRules({ CMDQ_PROD: '0x7', CMDQ_CONS: '0x6' })).toEqual(['commands-pending']);
  });

  test('an error: what, and at which command', async () => {
    const inspected = await withQueues({ GERROR: '0x1', CMDQ_PROD: '0x7', CMDQ_CONS: '0x1000005' });
    expect(found(inspected, 'command-error')).toEqual([
      { args: { reason: expect.stringContaining('llegal'), command: 'CMD_CFGI_STE' }, location: {} },
    ]);
  });

  test('not one that is acknowledged: both toggles are the same', async () => {
    expect(await queueRules({ GERROR: '0x1', GERRORN: '0x1' })).toEqual([]);
    expect(await queueRules({ GERROR: '0x0', GERRORN: '0x1' }), 'the toggles differ').toEqual(['command-error']);
  });
});

describe('events', () => {
  test('unread', async () => {
    const inspected = await withQueues({ EVENTQ_PROD: '0x7' });
    expect(found(inspected, 'events-unread')).toEqual([
      { args: { events: 2, what: '1 C_BAD_STE for SID 0x8, 1 C_BAD_STE for SID 0x10' }, location: {} },
    ]);
    expect([...rulesOf(inspected)]).not.toContain('events-lost');
  });

  test('lost, unless the loss is acknowledged', async () => {
    expect(await queueRules({ EVENTQ_PROD: '0x80000005' })).toEqual(['events-lost']);
    expect(await queueRules({ EVENTQ_PROD: '0x80000005', EVENTQ_CONS: '0x80000005' })).toEqual([]);
  });
});

describe('page requests', () => {
  test('pending, around the end of the queue', async () => {
    const inspected = await withQueues({ PRIQ_PROD: '0x9', PRIQ_CONS: '0x6' });
    expect(found(inspected, 'page-requests-pending')).toEqual([{ args: { requests: 3 }, location: {} }]);
  });

  test('not on hardware that has none, whatever is in the registers', async () => {
    expect(await queueRules({ IDR0: '0x0d4c101b', PRIQ_PROD: '0x9' })).toEqual([]);
  });
});
