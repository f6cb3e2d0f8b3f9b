/** What one refused device takes with it: the whole SMMU while it registers on cores from 6.15 on, itself elsewhere. */

import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import type { KernelVersion } from '../../../src/adopt/devices/registration.ts';
import { type DeviceReport, renderText } from '../../../src/index.ts';
import {
  HOLE,
  type Inspected,
  IOMEM,
  inspectMachine,
  L1,
  L2_BUS0,
  L2_BUS1,
  logOf,
  type MachineOptions,
} from '../../support/made/machine.ts';

const OLD: KernelVersion = { major: 6, minor: 14 };
const FIRST: KernelVersion = { major: 6, minor: 15 };
const NEW: KernelVersion = { major: 7, minor: 2 };

const PROBED = ["kdump: adopting crashed kernel's stream table", 'kdump: retaining SMMUEN for in-flight DMA'];
const FAILED = 'Failed to register iommu';
/** Above what 48 address bits reach. */
const UNMAPPABLE = 2 ** 48;
/** The table covers 2^12 StreamIDs, the hardware 2^16. */
const BEYOND_THE_TABLE = 0x1000;

const bypass = { V: 1, Config: 4 };

/** Two busses with an active stream each, bus 2 behind a pointer that cannot be mapped; bus 3 is unused. */
function machine(): Image {
  return new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .l1(L1, 2, 9, UNMAPPABLE)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 8, bypass)
    .ste(L2_BUS1, 0, bypass);
}

/** The same after something has written over the L1 table: bus 1 has another span. */
const overwritten = () => machine().l1(L1, 1, 3, L2_BUS1);

const onMachine = (options: MachineOptions, memory = machine()) => inspectMachine(memory, { iomem: IOMEM, ...options });

const behindTheProbe = (inspected: Inspected) => {
  const log = logOf(inspected);
  expect(log.slice(0, 2)).toEqual(PROBED);
  return log.slice(2);
};
const devices = ({ smmu }: Inspected) =>
  smmu.devices.map(({ sids, asked, accepted, deferred }) => ({ sid: sids[0], asked, accepted, deferred }));
const rets = ({ smmu }: Inspected) => smmu.inserts.map(({ sid, ret }) => [sid, ret]);

describe.each([
  ['-EINVAL', 0x100, -22, ['kdump: L1[1] span 3 changed since adopt (was 9)']],
  ['-ERANGE, which has no message', BEYOND_THE_TABLE, -34, []],
  ['-ENXIO', 0x200, -6, ['kdump: failed to adopt l2 stream table for SID 512']],
] as const)('%s', (_, sid, ret, message) => {
  const insert = [0x8, sid, 0x10];
  const options = { insert, later: overwritten() };
  // The driver core prints nothing for -ENXIO.
  const probeFailed = ret === -6 ? [] : [`probe with driver arm-smmu-v3 failed with error ${ret}`];

  test.each([FIRST, NEW])('takes the SMMU down on $major.$minor', async (kernel) => {
    const inspected = await onMachine({ ...options, kernel });
    expect(behindTheProbe(inspected)).toEqual([...message, FAILED, ...probeFailed]);
    expect(inspected.smmu.lost).toMatchObject({
      sid,
      ret,
      device: null,
      loseGroup: [0x8],
      neverAsked: [0x10],
      cr0: '0x0',
    });
    expect(devices(inspected)).toEqual([
      { sid: 0x8, asked: true, accepted: true, deferred: true },
      { sid, asked: true, accepted: false, deferred: null },
      { sid: 0x10, asked: false, accepted: false, deferred: null },
    ]);
    expect(inspected.findings.map(({ rule }) => rule)).toContain('smmu-lost');
    expect(inspected.smmu.adoption.verdict).toBe('adopted');
  });

  test.each([OLD, { major: 5, minor: 19 }])('takes nothing with it on $major.$minor', async (kernel) => {
    const inspected = await onMachine({ ...options, kernel });
    expect(behindTheProbe(inspected)).toEqual(message);
    expect(inspected.smmu.lost).toBeNull();
    expect(devices(inspected)).toEqual([
      { sid: 0x8, asked: true, accepted: true, deferred: true },
      { sid, asked: true, accepted: false, deferred: null },
      { sid: 0x10, asked: true, accepted: true, deferred: false },
    ]);
  });

  test('plugged in later fails alone on a new core, and is tried twice', async () => {
    const inspected = await onMachine({ insert: [0x8], hotplug: [sid, 0x10], later: overwritten(), kernel: NEW });
    expect(behindTheProbe(inspected)).toEqual([...message, ...message]);
    expect(inspected.smmu.lost).toBeNull();
    expect(rets(inspected)).toEqual([
      [0x8, 0],
      [sid, ret],
      [0x10, 0],
    ]);
    expect(inspected.smmu.inserts[1]?.log.map(({ text }) => text)).toEqual([...message, ...message]);
    expect(devices(inspected).map(({ accepted }) => accepted)).toEqual([true, false, true]);
  });

  test('plugged in later is tried once on an old core', async () => {
    const inspected = await onMachine({ hotplug: [sid], later: overwritten(), kernel: OLD });
    expect(behindTheProbe(inspected)).toEqual(message);
    expect(inspected.smmu.lost).toBeNull();
  });
});

test('a failed mapping leaves the slot empty: the next device of the bus tries again', async () => {
  const inspected = await onMachine({ insert: [0x200, 0x208], kernel: OLD });
  expect(inspected.smmu.inserts.map(({ mappings }) => mappings.length)).toEqual([1, 1]);
  expect(behindTheProbe(inspected)).toEqual([
    'kdump: failed to adopt l2 stream table for SID 512',
    'kdump: failed to adopt l2 stream table for SID 520',
  ]);
});

test('after the SMMU is lost nothing of what is plugged in comes to it', async () => {
  const inspected = await onMachine({ insert: [BEYOND_THE_TABLE], hotplug: [0x8] });
  expect(inspected.smmu.lost?.neverAsked).toEqual([0x8]);
  expect(devices(inspected)[1]).toEqual({ sid: 0x8, asked: false, accepted: false, deferred: null });
});

describe('two named devices with one StreamID', () => {
  const aliased = [
    { name: '0000:00:01.0', sids: [0x8] },
    { name: '0000:00:01.1', sids: [0x8, 0x9] },
  ];
  const warning = 'Aliasing StreamID 0x8 (from 0000:00:01.0) unsupported, expect DMA to be broken';

  test('the second is refused with -ENODEV, which does not end the registration', async () => {
    const inspected = await onMachine({ devices: [...aliased, { name: 'c', sids: [0x10] }] });
    expect(behindTheProbe(inspected)).toEqual([warning]);
    expect(inspected.smmu.kernelLog.at(-1)).toMatchObject({ stage: 'insert', level: 'warn' });
    // The kernel says it of the device, not of the SMMU.
    expect(inspected.facts.smmus[0]?.kernelLog.map(({ device }) => device)).toEqual([
      undefined,
      undefined,
      '0000:00:01.1',
    ]);
    const text = [...(await renderText(inspected.facts, { width: 160, color: false }))].join('');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(` warn 0000:00:01.1: ${warning} `);
    expect(rets(inspected)).toEqual([
      [0x8, 0],
      [0x8, -19],
      [0x10, 0],
    ]);
    expect(inspected.smmu.inserts[1]?.errno).toBe('ENODEV');
    expect(inspected.smmu.devices.map(({ accepted }) => accepted)).toEqual([true, false, true]);
    expect(inspected.smmu.lost).toBeNull();
  });

  test('the second has no group to lose when the SMMU goes', async () => {
    const inspected = await onMachine({ devices: [...aliased, { name: 'c', sids: [BEYOND_THE_TABLE] }] });
    expect(inspected.smmu.lost).toMatchObject({ device: 'c', loseGroup: [0x8] });
  });

  test('devices without a name are known by their StreamID, and do not alias', async () => {
    expect(rets(await onMachine({ insert: [0x8, 0x8] }))).toEqual([
      [0x8, 0],
      [0x8, 0],
    ]);
  });
});

describe('a device with several streams', () => {
  const device = (...sids: number[]): MachineOptions => ({ devices: [{ name: 'nvme0', sids }] });

  test('stops at the first that is refused, in ascending order', async () => {
    const inspected = await onMachine(device(0x208, 0x100, 0x200, 0x8));
    expect(rets(inspected)).toEqual([
      [0x8, 0],
      [0x100, 0],
      [0x200, -6],
    ]);
    expect(inspected.smmu.lost).toMatchObject({ device: 'nvme0', sid: 0x200 });
  });

  test('a StreamID that is given twice is one', async () => {
    expect(rets(await onMachine(device(0x10, 0x10)))).toEqual([[0x10, 0]]);
  });

  const deferral = ({ smmu }: Inspected) => {
    const [{ deferred, deferredBy } = {} as DeviceReport] = smmu.devices;
    return { deferred, deferredBy };
  };

  test.each<[string, number[], boolean, number | null]>([
    ['none of them active', [0x9, 0x101, 0x300], false, null],
    ['the last of them', [0x9, 0x10, 0x100], true, 0x100],
    ['two of them: the first decides', [0x8, 0x9, 0x100], true, 0x8],
  ])('waits when any STE is active: %s', async (_, sids, deferred, deferredBy) => {
    expect(deferral(await onMachine(device(...sids)))).toEqual({ deferred, deferredBy });
  });

  test.each([
    ['V=0', { V: 0, Config: 5 }, false],
    ['abort', { V: 1, Config: 0 }, false],
    ['a reserved Config', { V: 1, Config: 1 }, true],
    ['another', { V: 1, Config: 2 }, true],
    ['the last reserved one', { V: 1, Config: 3 }, true],
    ['bypass', { V: 1, Config: 4 }, true],
    ['stage 1 with a null context pointer', { V: 1, Config: 5 }, true],
    ['stage 2', { V: 1, Config: 6 }, true],
    ['nested', { V: 1, Config: 7 }, true],
  ])('waits for what is in flight: %s', async (_, ste, deferred) => {
    const memory = machine().ste(L2_BUS0, 0x20, ste);
    expect(deferral(await onMachine(device(0x20), memory)).deferred).toBe(deferred);
  });

  describe('are asked for the deferral in ascending order, too', () => {
    test('the lowest that is active decides', async () => {
      expect(deferral(await onMachine(device(0x100, 0x8)))).toEqual({ deferred: true, deferredBy: 0x8 });
    });

    test('and whoever reads an active STE first does not come to a hole', async () => {
      const inspected = await onMachine(device(0x100, 0x8), machine().l1(L1, 1, 9, HOLE));
      expect(inspected.smmu.panic).toBeNull();
    });
  });

  test('an unknown STE leaves it open unless another decides', async () => {
    // RAM that the dump lacks.
    const memory = machine().l1(L1, 1, 9, 0x8a00_0000);
    expect(deferral(await onMachine(device(0x9, 0x100), memory))).toEqual({ deferred: null, deferredBy: 0x100 });
    expect(deferral(await onMachine(device(0x8, 0x100), memory))).toEqual({ deferred: true, deferredBy: 0x8 });
  });
});

describe('a descriptor that the later dump lacks', () => {
  const later = () => new Image().reserve(L2_BUS0, 0x4000).ste(L2_BUS0, 8, bypass);

  test('leaves open whether the core comes to those behind', async () => {
    const inspected = await onMachine({
      insert: [BEYOND_THE_TABLE - 1, 0x8, BEYOND_THE_TABLE],
      later: later(),
      kernel: NEW,
    });
    expect(devices(inspected).map(({ asked, accepted }) => ({ asked, accepted }))).toEqual([
      { asked: true, accepted: null },
      { asked: null, accepted: null },
      { asked: null, accepted: null },
    ]);
    expect(inspected.smmu.lost).toBeNull();
    expect(behindTheProbe(inspected)).toEqual([]);
  });

  test('says nothing about the others on an old core', async () => {
    const inspected = await onMachine({ insert: [0x8, BEYOND_THE_TABLE], later: later(), kernel: OLD });
    expect(devices(inspected)).toMatchObject([
      { asked: true, accepted: null },
      { asked: true, accepted: false },
    ]);
  });
});

describe('in-flight DMA after the SMMU is lost: CR0 is 0, and GBPA decides', () => {
  test.each([
    ['0x1000', 0, 'bypassed'],
    ['0x101000', 1, 'aborted'],
    [null, null, 'unknown'],
  ])('GBPA %s', async (GBPA, gbpaAbort, inFlight) => {
    const { smmu } = await onMachine({ insert: [BEYOND_THE_TABLE], registers: { GBPA } });
    expect(smmu.lost).toMatchObject({ cr0: '0x0', gbpaAbort, inFlight });
    const shown = gbpaAbort ?? 'is not known';
    expect(smmu.lost?.why).toContain(`GBPA.ABORT ${shown}`);
  });

  test('after a fallback it was set before, whatever the snapshot says', async () => {
    // 2^16 StreamIDs of hardware; the fallback builds a table for all of them.
    for (const GBPA of ['0x1000', null]) {
      const { smmu } = await onMachine({ insert: [0x1_0000], registers: { GBPA, STRTAB_BASE_CFG: '0x1018c' } });
      expect(smmu.adoption.verdict).toBe('fallback');
      expect(smmu.lost).toMatchObject({ ret: -34, gbpaAbort: 1, inFlight: 'aborted' });
    }
  });
});
