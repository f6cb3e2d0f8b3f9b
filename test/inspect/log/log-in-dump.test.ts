/** The log that a crashed kernel left in its dump, and what the dump says of the faults in it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDump } from '../../../src/dump/open.ts';
import { readLog } from '../../../src/inspect/log/read-log.ts';
import { MadeKernel } from '../../support/made/made-kernel.ts';
import { LOG_STRUCTS, writeLog } from '../../support/made/made-log.ts';
import { madeDump } from '../../support/made/made-memory.ts';
import { QEMU_A, whyNot } from '../../support/outside/real-dumps.ts';

test('records of the ring buffer are its lines, with their times', async () => {
  const texts = [
    'event 0x10 received:',
    '\t0x0000010000000010',
    '\t0x0000020800000000',
    '\t0x00000000ffffb002',
    '\t0x0000000000000000',
  ];
  const kernel = new MadeKernel({ structs: LOG_STRUCTS });
  writeLog(
    kernel,
    texts.map((text) => ({ text: `arm-smmu-v3 9050000.smmuv3: ${text}` })),
  );
  const dump = { ...madeDump(kernel.memory, kernel.vmcoreinfo), paths: [], loadMapIgnored: false };
  const { files, smmus } = await readLog(null, { dump, files: ['vmcore'] });
  expect(files).toEqual(['vmcore']);
  expect(smmus).toMatchObject([
    { name: '9050000.smmuv3', events: [{ name: 'F_TRANSLATION', sid: 0x100, count: 1, firstTime: 0, inDump: null }] },
  ]);
});

describe.skipIf(!existsSync(QEMU_A))(`a real vmcore and nothing else${whyNot(QEMU_A)}`, () => {
  test('its eight events, by whom, and what the tables say of them', async () => {
    const dump = await openDump(join(QEMU_A, 'vmcore.d31.zlib'));
    try {
      const { smmus } = await readLog(null, { dump, files: ['vmcore'] });
      expect(smmus).toMatchObject([
        {
          name: '9050000.smmuv3',
          events: [
            {
              ...{ name: 'F_TRANSLATION', sid: 0x4b00, address: 0xdead0000n, count: 4, device: '0000:4b:00.0' },
              deviceFrom: 'dump',
              inDump: { outcome: 'fault', fault: 'F_TRANSLATION', same: true, inQueue: 1 },
            },
            {
              ...{ name: 'F_PERMISSION', sid: 0x4b00, address: 0x11000n, count: 4, device: '0000:4b:00.0' },
              inDump: { outcome: 'fault', fault: 'F_PERMISSION', same: true },
            },
          ],
        },
      ]);
    } finally {
      dump.close();
    }
  });
});
