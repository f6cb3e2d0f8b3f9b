/** What a captured log of many lines costs to be read. */

import { expect, test, vi } from 'vitest';
import { captureLines } from '../../../src/inspect/log/capture-lines.ts';
import { LogReader } from '../../../src/log/kernel-log.ts';

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
