/** What a captured log of many lines costs to be read. */

import { expect, test, vi } from 'vitest';
import { captureLines } from '../../../src/inspect/log/capture-lines.ts';
import { LogReader } from '../../../src/log/kernel-log.ts';
import { slowTest } from '../../support/slow.ts';

test('a long capture is read piece by piece, and across their ends', () => {
  const push = vi.spyOn(LogReader.prototype, 'push');
  const line = 'arm-smmu-v3 arm-smmu-v3.0.auto: CMDQ error (cons 0x00000010): Illegal command\n';
  const text = line.repeat(3000);
  const { lines, byDevice, smmus } = captureLines({ file: 'dmesg', text });
  expect(push.mock.calls.every(([bytes]) => bytes.byteLength <= 2 ** 16)).toBe(true);
  expect(push.mock.calls.length).toBeGreaterThan(3);
  push.mockRestore();
  expect(lines).toHaveLength(3000);
  expect(byDevice.get('arm-smmu-v3.0.auto')).toHaveLength(3000);
  const errors = smmus.get('arm-smmu-v3.0.auto')?.commandErrors ?? [];
  expect(errors.reduce((sum, { count }) => sum + count, 0)).toBe(3000);
});

slowTest('of millions of lines those that may tell something are kept', () => {
  const own = 'arm-smmu-v3 arm-smmu-v3.0.auto: kdump: falling back to full reset\n';
  const dies = 'Unable to handle kernel paging request\npc : arm_smmu_probe+0x10/0x20\n';
  const text = `${'a\n'.repeat(1_200_000)}${own}${'a\n'.repeat(200_000)}${dies}`;
  const { lines, byDevice, death } = captureLines({ file: 'dmesg', text });
  expect(lines.length).toBeLessThan(1_100_000);
  expect(byDevice.get('arm-smmu-v3.0.auto')).toMatchObject([{ line: 1_200_001 }]);
  expect(death?.fn).toBe('arm_smmu_probe');
});

test('what stands at the end of lines is taken off once, however much of it a line has', () => {
  const { lines } = captureLines({ file: 'dmesg', text: `${'$'.repeat(60_000)} a$ |\n`.repeat(40) });
  expect(lines.every(({ text }) => text.startsWith('$$$'))).toBe(true);
});
