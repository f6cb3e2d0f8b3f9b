/** What registers alone tell. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { inspectMachine, L1, L2_BUS1, LINEAR, LINEAR_REGISTERS } from '../../support/made/machine.ts';
import { busZero, found, rulesOf } from '../../support/made/risk-machine.ts';

type Registers = Record<string, string | null>;
const machine = (registers: Registers = {}) => inspectMachine(busZero(new Image()), { registers });
const broken = (registers: Registers = {}) => inspectMachine(busZero(new Image()).l1(L1, 1, 3, L2_BUS1), { registers });

describe('gerror-active', () => {
  test('one finding for each error, but for those that have rules of their own', async () => {
    expect(
      found(await machine({ GERROR: '0x1fd' }), 'gerror-active').map(({ args }) => (args as { error: string }).error),
    ).toEqual([
      'EVENTQ_ABT_ERR',
      'PRIQ_ABT_ERR',
      'MSI_CMDQ_ABT_ERR',
      'MSI_EVENTQ_ABT_ERR',
      'MSI_PRIQ_ABT_ERR',
      'MSI_GERROR_ABT_ERR',
    ]);
  });

  test('with what it means', async () => {
    const { findings } = await machine({ GERROR: '0x4' });
    expect(
      findings.filter(({ rule }) => rule === 'gerror-active').map(({ args, message }) => ({ args, message })),
    ).toEqual([
      {
        args: { error: 'EVENTQ_ABT_ERR' },
        message:
          'GERROR.EVENTQ_ABT_ERR is active: the event queue could not be written, so faults since then are not recorded',
      },
    ]);
  });

  test('not one that is acknowledged, nor a guess', async () => {
    expect(found(await machine({ GERROR: '0xfc', GERRORN: '0xfc' }), 'gerror-active')).toEqual([]);
    expect(found(await machine({ GERROR: '0xfc', GERRORN: null }), 'gerror-active')).toEqual([]);
  });
});

describe('cr0-unacknowledged', () => {
  test('where both registers are known and differ, whatever becomes of the table', async () => {
    const differing = [{ args: { fields: 'SMMUEN, EVENTQEN' }, location: {} }];
    expect(found(await machine({ CR0ACK: '0x8' }), 'cr0-unacknowledged')).toEqual(differing);
    expect(found(await broken({ CR0ACK: '0x8' }), 'cr0-unacknowledged')).toEqual(differing);
    for (const CR0ACK of ['0xd', null]) {
      expect(found(await machine({ CR0ACK }), 'cr0-unacknowledged')).toEqual([]);
    }
  });
});

describe('gbpa-bypass', () => {
  test('only with ABORT 0, after an adoption', async () => {
    expect(found(await machine(), 'gbpa-bypass')).toEqual([{ args: {}, location: {} }]);
    expect([...rulesOf(await machine({ GBPA: '0x101000' }))]).not.toContain('gbpa-bypass');
    expect([...rulesOf(await machine({ GBPA: null }))]).not.toContain('gbpa-bypass');
    expect([...rulesOf(await broken())], 'a reset sets ABORT').not.toContain('gbpa-bypass');
  });
});

describe('sids-beyond-table', () => {
  test('a table for fewer StreamIDs than the hardware has', async () => {
    expect(found(await machine(), 'sids-beyond-table')).toEqual([
      { args: { log2Size: 12, sidBits: 16 }, location: {} },
    ]);
  });

  test('not one for all of them, nor one that the kernel replaces', async () => {
    expect([...rulesOf(await machine({ STRTAB_BASE_CFG: '0x10210' }))]).not.toContain('sids-beyond-table');
    expect([...rulesOf(await broken())]).not.toContain('sids-beyond-table');
    expect([...rulesOf(await machine({ CR0: '0x0' }))], 'off').not.toContain('sids-beyond-table');
  });
});

describe('memory-demand', () => {
  const QUEUES = { queuesAtLeast: 2 ** 21, queuesAtMost: 2 ** 23 };
  const linear = async (log2Size: number) =>
    inspectMachine(new Image().abortTable(LINEAR, 2 ** log2Size), {
      registers: { ...LINEAR_REGISTERS, STRTAB_BASE_CFG: `0x${log2Size.toString(16)}` },
    });

  test('from a mebibyte on', async () => {
    expect(found(await linear(14), 'memory-demand')).toEqual([
      { args: { allocated: 0, mapped: 2 ** 20, ...QUEUES }, location: {} },
    ]);
    expect(found(await linear(13), 'memory-demand')).toEqual([]);
  });

  test('queues that IDR1 permits count, as far as the revision allocates them and IDR1 is known', async () => {
    const demand = async (revision: string, registers: Readonly<Record<string, string | null>> = {}) => {
      const memory = new Image().abortTable(LINEAR, 2 ** 14);
      const options = { revision, registers: { ...LINEAR_REGISTERS, STRTAB_BASE_CFG: '0xe', ...registers } };
      const [finding] = found(await inspectMachine(memory, options), 'memory-demand');
      const { queuesAtLeast, queuesAtMost } = (finding?.args ?? {}) as Record<string, number | null>;
      return [queuesAtLeast, queuesAtMost];
    };
    const MIB = 1 << 20;
    // Two queues of a megabyte with DMA_CMA, of the largest block without; from v10 on the command queue alone.
    expect(await demand('v6')).toEqual([2 * MIB, 8 * MIB]);
    expect(await demand('v10')).toEqual([MIB, 4 * MIB]);
    expect(await demand('v6', { IDR0: '0x0d4d101b' }), 'with PRI').toEqual([2 * MIB + 16, 8 * MIB + 16]);
    expect(await demand('v6', { IDR1: null })).toEqual([null, null]);
  });
});
