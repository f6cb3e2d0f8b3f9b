/** `smmu-adopt diff` from outside: what it says, its exit statuses, and what it refuses. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Image } from '../../../samples/image.ts';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { diff as diffDumps } from '../../../src/diff/diff.ts';
import { parseSnapshot } from '../../../src/index.ts';
import { diffText } from '../../../src/report/text/diff/diff.ts';
import { plainStyle } from '../../../src/report/text/style.ts';
import { run } from '../../support/command.ts';
import { CDS, dumpOf, L1, L2_BUS0, L2_BUS1 } from '../../support/made/machine.ts';
import { ADOPT_V6, whyNot } from '../../support/outside/real-dumps.ts';
import { expectStrictlyValidDiff } from '../../support/schema.ts';
import { slowTest } from '../../support/slow.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { elfCore } from '../../support/writers/elf-writer.ts';

const folder = temporaryFolder();
const SPAN_CHANGED = join(SAMPLES_FOLDER, 'span-changed');

async function diff(args: readonly string[], { status = 1, cwd = SPAN_CHANGED } = {}): Promise<string> {
  const outcome = await run(['diff', ...args], { cwd });
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr: '', status });
  expect(outcome.stdout).toMatch(/^[\n\x20-\x7e]*$/);
  return outcome.stdout;
}

const REGISTERS = {
  ...{ IDR0: '0x0d4c101b', IDR1: '0x02730510', IDR3: '0x1404', IDR5: '0x74', AIDR: '0x1', CR0: '0xd', GBPA: '0x1000' },
  ...{ GERROR: '0x0', GERRORN: '0x0', STRTAB_BASE: '0x4000000088000000', STRTAB_BASE_CFG: '0x1020c' },
};
const STAGE1 = { V: 1, Config: 5, S1ContextPtr: CDS, S1CIR: 1, S1COR: 1, S1CSH: 3, SHCFG: 1 };
const CD = { V: 1, T0SZ: 20, IPS: 4, EPD1: 1, AA64: 1, R: 1, A: 1, ASID: 3, TTB0: 0x8820_0000 };
const machine = () =>
  new Image()
    .l1(L1, 0, 9, L2_BUS0)
    .l1(L1, 1, 9, L2_BUS1)
    .abortTable(L2_BUS0, 256)
    .abortTable(L2_BUS1, 256)
    .ste(L2_BUS0, 8, STAGE1)
    .cd(CDS, 0, CD)
    .ste(L2_BUS1, 0, { V: 1, Config: 4, SHCFG: 1 });
const changed = () =>
  machine()
    .ste(L2_BUS0, 8, { V: 1, SHCFG: 1 })
    .ste(L2_BUS0, 24, { V: 1, Config: 6, S2T0SZ: 50, S2SL0: 1, S2AA64: 1, S2TTB: 0x8200_0000, S2VMID: 1, SHCFG: 1 })
    .l1(L1, 5, 9, 0x9999_0000);

/** A dump of a machine, as files of a folder of its own. */
function files(before: Image, after: Image, registersAfter?: Readonly<Record<string, string>>): string {
  const { path, write } = temporaryFolder();
  write('before.elf', elfCore(before.extents()).bytes);
  write('after.elf', elfCore(after.extents()).bytes);
  const snapshot = (registers: object) => JSON.stringify({ smmus: [{ name: 'smmu0', registers }] });
  write('regs.json', snapshot(REGISTERS));
  if (registersAfter !== undefined) write('after.json', snapshot({ ...REGISTERS, ...registersAfter }));
  return path;
}

test('a descriptor that was overwritten, and what it does to a device', async () => {
  expect(await diff(['dump.raw', 'later.raw', '--regs', 'regs.json'])).toBe(
    `arm-smmu-v3.0.auto: 1 L1 DESCRIPTOR CHANGED, 1 DEVICE AFFECTED
  v6 decides otherwise: adopted before, fallback (two-level.l1-descriptors: L1[1] has span 3) after
  a device inserted after the change: refused (SID 0x100)
  registers not compared: --regs-after gives those of the later moment

L1 descriptors
  Index  SIDs         At          Descriptor                                    Device behind it
  -----  -----------  ----------  --------------------------------------------  -----------------
      1  0x100-0x1ff  0x88002008  span 9 at 0x88014000 -> span 3 at 0x88014000  refused (-EINVAL)
  L1[1]: an adoption now ends at it, for its span
  L1[1]: kernel: kdump: L1[1] span 3 changed since adopt (was 9)
`,
  );
});

test('STEs and CDs field by field, and what is missing', async () => {
  const cwd = files(machine(), changed(), { CR0: '0x9', CMDQ_PROD: '0x2a', CMDQ_CONS: '0x2a' });
  const text = await diff(['before.elf', 'after.elf', '--regs', 'regs.json', '--regs-after', 'after.json'], {
    cwd,
    status: 3,
  });
  expect(text).toBe(
    `smmu0: 2 STES CHANGED, 2 DEVICES AFFECTED
  also changed: 1 L1 descriptor, 1 register
  v6 decides otherwise: adopted before, indeterminate after
  a device inserted after the change: refused (SID 0x500)
  a device inserted after the change: attached at once (SID 0x8)
  a device inserted after the change: attach deferred (SID 0x18)
  the hardware refuses 1 entry that it took before
  256 entries not compared: a dump lacks them

L1 descriptors
  Index  SIDs         At          Descriptor                      Device behind it
  -----  -----------  ----------  ------------------------------  ----------------
      5  0x500-0x5ff  0x88000028  unused -> span 9 at 0x99990000  refused (-ENXIO)
  L1[5]: kernel: kdump: failed to adopt l2 stream table for SID 1280

Stream table entries
   SID  BDF      At          Hardware          In the kdump kernel
  ----  -------  ----------  ----------------  -------------------
   0x8  00:01.0  0x88010200  stage 1 -> abort  attached at once
  0x18  00:03.0  0x88010600  abort -> stage 2  attach deferred

Fields of these entries  fields without effect: --all
  Field               Before       After  Says
  --------------  ----------  ----------  ----------------------------------------------------------
  0x8
    Config                 5           0  Stream configuration: stage 1 only -> abort, no event
    S1ContextPtr  0x88020000         0x0  CD table address [55:6]; an IPA when stage 2 is enabled
    S1CIR                  1           0  CD fetch inner cacheability: write-back, read-allocate ->
                                          non-cacheable
    S1COR                  1           0  CD fetch outer cacheability: write-back, read-allocate ->
                                          non-cacheable
    S1CSH                  3           0  CD fetch shareability: inner shareable -> non-shareable
  0x18
    Config                 0           6  Stream configuration: abort, no event -> stage 2 only
    S2VMID                 0           1  VMID of the stream
    S2T0SZ                 0          50  Stage 2 input range: IPAs have 64 - S2T0SZ bits: 64 bits
                                          -> 14 bits
    S2SL0                  0           1  Stage 2 start level, together with S2SL0_2; which one
                                          depends on the granule
    S2AA64                 0           1  Stage 2 table format: VMSAv8-32 LPAE, or VMSAv9-128 where
                                          D128 is implemented and selected -> VMSAv8-64
    S2TTB                0x0  0x82000000  Stage 2 table address [51:4], [47:4] in v3.0, [55:4] with
                                          D128; aligned by hardware
  0x18 now illegal: S2T0SZ 50, required: 20 to 39; S2SL0 1 with S2T0SZ 50, required: a start level
  that fits S2T0SZ and the granule

Registers
  Register  Before  After  Differs in
  --------  ------  -----  ---------------
  CR0          0xd    0x9  EVENTQEN 1 -> 0

Not compared
  SIDs         Of        Entries  Before    After
  -----------  --------  -------  --------  -----
  0x500-0x5ff  L2 table      256  no entry  hole
`,
  );
});

test('nothing changed', async () => {
  expect(await diff(['dump.raw', 'dump.raw', '--regs', 'regs.json'], { status: 0 })).toBe(
    `arm-smmu-v3.0.auto: NOTHING CHANGED
  registers not compared: --regs-after gives those of the later moment
`,
  );
});

describe('as JSON', () => {
  test('it fits the schema, with the same status', async () => {
    const report = JSON.parse(await diff(['dump.raw', 'later.raw', '--regs', 'regs.json', '--format', 'json']));
    expectStrictlyValidDiff(report);
    expect(report).toMatchObject({ before: { files: ['dump.raw'] }, after: { files: ['later.raw'] } });
    expect(report.smmus[0].l1[0].device).toMatchObject({ sid: 0x100, turn: 'refused', after: { errno: 'EINVAL' } });
  });

  test('a name that nobody should trust is escaped', async () => {
    const cwd = files(machine(), machine());
    const regs = temporaryFolder().write(
      'regs.json',
      JSON.stringify({ smmus: [{ name: 'a\u001b[31m\u202e', registers: REGISTERS }] }),
    );
    for (const format of ['text', 'json']) {
      const text = await diff(['before.elf', 'after.elf', '--regs', regs, '--format', format], { cwd, status: 0 });
      expect(text).toContain('\\u001b[31m\\u202e');
    }
  });
});

test.each([100, 80, 60])('no line is longer than %i columns but for prose that moves below', async (width) => {
  const snapshot = parseSnapshot({ smmus: [{ name: 'smmu0', registers: REGISTERS }] }, 'regs.json');
  const report = await diffDumps(dumpOf(machine()), dumpOf(changed()), snapshot);
  const lines = [...diffText(report, plainStyle(width), false)].join('').split('\n');
  const long = lines.filter((line) => line.length > width && !/^ +(Says|In the kdump kernel) /.test(line));
  expect(width < 70 ? long.filter((line) => !/0x[0-9a-f]+/.test(line)) : long).toEqual([]);
});

describe('--deep', () => {
  const TABLES = 0x8820_0000;
  const mapped = (...pages: bigint[]) =>
    machine()
      .cd(CDS, 0, { ...CD, T0SZ: 34, MAIR0: 0xff })
      .reserve(TABLES, 0x2000)
      .write(TABLES, [BigInt(TABLES + 0x1000) | 3n])
      .write(TABLES + 0x1000, pages);
  const args = ['before.elf', 'after.elf', '--regs', 'regs.json'];

  test('what a stream can reach, where no entry changed', async () => {
    const cwd = files(mapped(0n, 0x8900_0743n, 0x8900_1743n), mapped(0x8900_2743n, 0x8900_0743n, 0x8900_37c3n));
    expect(await diff(args, { cwd, status: 0 })).toContain('NOTHING CHANGED');
    expect(await diff([...args, '--deep'], { cwd })).toBe(`smmu0: WHAT 1 STREAM CAN REACH CHANGED
  1 of 1 set of translation tables changed, used by 1 stream: 4 KiB newly mapped, 4 KiB moved to
  other addresses
  registers not compared: --regs-after gives those of the later moment

What streams can reach
  SID 0x8, stage 1 at 0x88200000: 4 KiB newly mapped, 4 KiB moved to other addresses
  IOVA    to       Size  Before              After
  ------  ------  -----  ------------------  ------------------
  0x0     0xfff   4 KiB  not mapped          0x89002000 rw-/rwx
  0x2000  0x2fff  4 KiB  0x89001000 rw-/rwx  0x89003000 r-x/r-x
`);
    const report = JSON.parse(await diff([...args, '--deep', '--format', 'json'], { cwd }));
    expectStrictlyValidDiff(report);
    expect(report.smmus[0].mappings).toMatchObject({ complete: true, compared: 1, changed: 1, streams: 1 });
    expect(report.smmus[0].kernel).toBe(null);
  });

  test('its exit status says what is missing', async () => {
    const cwd = files(mapped(0n, 0x8900_0743n), machine().cd(CDS, 0, { ...CD, T0SZ: 34, MAIR0: 0xff }));
    const text = await diff([...args, '--deep'], { cwd, status: 3 });
    expect(text).toContain('NOTHING CHANGED IN WHAT BOTH DUMPS HAVE');
    expect(text).toContain('a dump lacks translation tables of 1 set');
    const same = files(mapped(0n, 0x8900_0743n), mapped(0n, 0x8900_0743n));
    expect(await diff([...args, '--deep'], { cwd: same, status: 0 })).toContain(
      'what the streams can reach is the same',
    );
  });

  slowTest('tables that lead to themselves end', async () => {
    const garbage = (first: bigint) =>
      machine()
        .cd(CDS, 0, { ...CD, T0SZ: 16 })
        .reserve(TABLES, 0x1000)
        .write(TABLES, [first, ...Array.from({ length: 511 }, () => BigInt(TABLES) | 0x403n)]);
    const text = await diff([...args, '--deep'], { cwd: files(garbage(0n), garbage(0x8900_0743n)), status: 3 });
    expect(text).toContain('NOT ALL TRANSLATION TABLES WERE COMPARED');
    await diff([...args, '--deep'], { cwd: files(garbage(0n), garbage(0n)), status: 0 });
  });
});

describe('what it is asked', () => {
  test('--sid compares only these', async () => {
    const cwd = files(machine(), changed());
    const text = await diff(['before.elf', 'after.elf', '--regs', 'regs.json', '--sid', '00:03.0,0x300'], { cwd });
    expect(text).toContain('1 STE CHANGED');
    expect(text).toContain('no entry at either moment: SID 0x300');
  });

  test('--all shows fields without effect', async () => {
    const cwd = files(machine(), machine().ste(L2_BUS1, 0, { V: 1, Config: 4, SHCFG: 1, S2VMID: 7 }));
    const args = ['before.elf', 'after.elf', '--regs', 'regs.json'];
    expect(await diff(args, { cwd })).toContain('(only fields without effect)');
    expect(await diff([...args, '--all'], { cwd })).toMatch(/^ {4}S2VMID +0 +7/m);
  });

  test('--revision decides', async () => {
    const cwd = files(machine(), machine().l1(L1, 3, 9, 0x8803_0040));
    const args = ['before.elf', 'after.elf', '--regs', 'regs.json', '--revision'];
    expect(await diff([...args, 'v6'], { cwd, status: 3 })).not.toContain('an adoption now ends');
    expect(await diff([...args, 'v10'], { cwd, status: 3 })).toContain(
      'L1[3]: an adoption now ends at it, for its pointer',
    );
  });

  test('two SMMUs are compared one after the other, or one of them', async () => {
    const cwd = join(SAMPLES_FOLDER, 'two-smmus');
    const args = ['dump.raw', 'dump.raw', '--regs', 'regs.json'];
    expect((await diff(args, { cwd, status: 0 })).match(/NOTHING CHANGED/g)).toHaveLength(2);
    const [, name = ''] = /^(\S+): NOTHING/.exec(await diff(args, { cwd, status: 0 })) ?? [];
    expect((await diff([...args, '--smmu', name], { cwd, status: 0 })).match(/NOTHING CHANGED/g)).toHaveLength(1);
  });
});

describe('what it refuses, in one line', () => {
  test.each([
    [['dump.raw', '--regs', 'regs.json'], "missing required argument 'after'"],
    [['dump.raw', 'later.raw'], 'no state of the crashed kernel was found, because there is no VMCOREINFO'],
    [['dump.raw', 'none.raw', '--regs', 'regs.json'], 'none.raw'],
    [['dump.raw', 'later.raw', '--regs', 'regs.json', '--regs-after', 'none.json'], 'none.json'],
    [['dump.raw', 'later.raw', '--regs', 'regs.json', '--smmu', 'x'], 'no SMMU "x"; there are arm-smmu-v3.0.auto'],
    [['dump.raw', 'later.raw', '--regs', 'regs.json', '--sid', 'x'], '"x" is not a StreamID'],
    [['dump.raw', 'later.raw', '--regs', 'regs.json', '--revision', 'all'], 'Allowed choices are v1, '],
    [['dump.raw', 'later.raw', 'third.raw', '--regs', 'regs.json'], 'too many arguments'],
  ])('%j', async (args, message) => {
    const { stdout, stderr, status } = await run(['diff', ...args], { cwd: SPAN_CHANGED });
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});

const LATE = join(ADOPT_V6, 'dt-late-changed');
const reason = whyNot(ADOPT_V6);

describe.skipIf(reason !== '' || !existsSync(LATE))(
  `before and after the probe of a real kdump kernel${reason}`,
  () => {
    const file = (name: string) => join(LATE, name);
    const compare = async (...more: string[]) => {
      const after = folder.write('after.elf', gunzipSync(readFileSync(file('dump-after-probe.elf.gz'))));
      const args = [
        file('dump.elf'),
        after,
        '--regs',
        file('regs.json'),
        '--regs-after',
        file('regs-after-probe.json'),
      ];
      return JSON.parse(await diff([...args, '--iomem', file('iomem.txt'), '--format', 'json', ...more]));
    };

    test('the devices that have done DMA have new context descriptors, and the others none', async () => {
      const truth = JSON.parse(readFileSync(file('groundtruth.json'), 'utf8'));
      const rewritten = truth.devices.flatMap((device: Record<string, Record<string, unknown>>) =>
        JSON.stringify(device['table_before_probe']?.['ste']) === JSON.stringify(device['table_at_init']?.['ste'])
          ? []
          : [Number(device['sid'])],
      );
      const [smmu] = (await compare()).smmus;
      expect(rewritten.length).toBeGreaterThan(2);
      expect(smmu.stes.map(({ sid }: { sid: number }) => sid)).toEqual(rewritten.sort((a: number, b: number) => a - b));
      expect(smmu.cds.map(({ sid }: { sid: number }) => sid)).toEqual(rewritten);
      expect(smmu.counts).toMatchObject({ l1: 0, missing: 0, newlyIllegal: 0, devices: rewritten.length });
      // The later registers are of after the probe: nothing firm rests on them.
      expect(smmu.kernel.verdict).toEqual({ before: 'adopted', after: 'indeterminate' });
    });

    test('its queues have moved', async () => {
      const registers = (await compare()).smmus[0].registers.map(({ register }: { register: string }) => register);
      expect(registers).toEqual(['CR0', 'CR0ACK', 'IRQ_CTRL', 'CMDQ_BASE', 'CMDQ_PROD', 'CMDQ_CONS']);
    });
  },
);
