/**
 * What only the first five revisions do: what follows from a failed adoption, from a mapping that failed unnoticed, from
 * tables that overlap memory of the kdump kernel; which STEs defer an attach; the registers after their resets.
 */

import { describe, expect, test } from 'vitest';
import { Image } from '../../samples/image.ts';
import { REVISIONS } from '../../src/adopt/revisions/revisions.ts';
import { plainStyle } from '../../src/report/text/style.ts';
import { textReport } from '../../src/report/text/text.ts';
import {
  bypassOnTwoBusses,
  HOLE,
  type Inspected,
  IOMEM,
  inspectMachine,
  KDUMP_START,
  L1,
  L2_BUS0,
  L2_BUS1,
  LINEAR,
  LINEAR_REGISTERS,
  type MachineOptions,
  UART,
} from '../support/made/machine.ts';

const NO_TWO_LEVEL = { IDR0: '0x054c101b' };
const BAD_SPLIT = { STRTAB_BASE_CFG: '0x1018c' };

const by = (revision: string, memory: Image, options: MachineOptions = {}) =>
  inspectMachine(memory, { revision, ...options });
const fateOf = ({ smmu }: Pick<Inspected, 'smmu'>) =>
  `${smmu.adoption.verdict} ${smmu.adoption.errno} ${smmu.fate.kind}`;
const rulesOf = ({ findings }: Inspected) => findings.map(({ rule }) => rule);
const all = [...REVISIONS.keys()];

/** What one revision does, as a report of its own would have it. */
type Told = Pick<Inspected, 'smmu'>;

/** Runs of neighbours by what they come to, from one inspection of all. */
async function split(memory: () => Image, options: MachineOptions, of: (told: Told) => unknown) {
  const { smmu } = await by('all', memory(), options);
  const told = all.map((name) => {
    const outcome = smmu.adoptions?.[name];
    return [name, of({ smmu: { ...smmu, ...outcome, adoption: outcome } as Told['smmu'] })] as const;
  });
  return runsOf(told);
}

function runsOf(told: readonly (readonly [revision: string, what: unknown])[]): string[] {
  const runs: [first: string, last: string, what: unknown][] = [];
  for (const [name, what] of told) {
    const last = runs.at(-1);
    if (last !== undefined && last[2] === what) last[1] = name;
    else runs.push([name, name, what]);
  }
  return runs.map(([first, last, what]) => `${first === last ? first : `${first} to ${last}`}: ${what}`);
}

test('before v10, L1 descriptors are counted by a shift that is not defined for 32 bits and more', async () => {
  // SIDSIZE 63, as no hardware has it.
  const registers = { IDR1: '0x0273053f', STRTAB_BASE_CFG: '0x10228' };
  expect(await split(bypassOnTwoBusses, { registers }, ({ smmu }) => smmu.adoption.verdict)).toEqual([
    'v1 to v9: indeterminate',
    'v10 to next: fallback',
  ]);
});

describe('an adoption that fails', () => {
  test('ends the probe, is stranded, or leads to a full reset', async () => {
    expect(await split(bypassOnTwoBusses, { registers: NO_TWO_LEVEL, iomem: IOMEM }, fateOf)).toEqual([
      'v1: adopted null adopted',
      'v2: probe-fails EINVAL probe-fails',
      'v3: never-programmed EINVAL never-programmed',
      'v4 to next: fallback EINVAL falls-back',
    ]);
    expect(await split(bypassOnTwoBusses, { registers: BAD_SPLIT, iomem: IOMEM }, fateOf)).toEqual([
      'v1 to v2: probe-fails EINVAL probe-fails',
      'v3 to next: fallback EINVAL falls-back',
    ]);
  });

  test('where the probe ends with it nothing is written, and no device is asked', async () => {
    const inspected = await by('v2', bypassOnTwoBusses(), { registers: BAD_SPLIT, insert: [8] });
    expect(inspected.smmu).toMatchObject({ reset: null, devices: [], adoption: { optionAfter: true } });
    expect(inspected.smmu.kernelLog.at(-1)?.text).toBe('probe with driver arm-smmu-v3 failed with error -22');
    expect(rulesOf(inspected)).toContain('probe-fails');
    expect(rulesOf(inspected)).not.toContain('adoption-fallback');
  });

  test('the table that v3 builds is never programmed: the old one stays in force', async () => {
    const inspected = await by('v3', bypassOnTwoBusses(), { registers: NO_TWO_LEVEL, iomem: IOMEM, insert: [8] });
    const { reset, devices, adoption } = inspected.smmu;
    expect(adoption).toMatchObject({ optionAfter: true, warnOn: 1, strtabCfg: null });
    expect(reset).toMatchObject({ kind: 'adopted', cr0: { after: '0x9' } });
    expect(reset?.phases.map(({ inFlight }) => inFlight)).toEqual(['translated', 'translated', 'translated']);
    expect(devices).toMatchObject([{ fate: 'accepted', deferred: false }]);
    expect(inspected.smmu.kernelLog.map(({ text }) => text)).toEqual([
      "kdump: adopting crashed kernel's stream table",
      'kdump: retaining SMMUEN for in-flight DMA',
    ]);
    expect(rulesOf(inspected)).toContain('table-never-programmed');
    expect(rulesOf(inspected)).toContain('dma-goes-on');
    expect(rulesOf(inspected)).not.toContain('reset-cuts-off');
  });
});

describe('a fall-back gives the L1 table back', () => {
  const badSpan = () => bypassOnTwoBusses().l1(L1, 2, 3, L2_BUS1);

  test.each([
    ['v3', 'devres, when the SMMU is unbound'],
    ['v4', 'devm_memunmap(), as the adoption falls back'],
    ['v5', 'devm_memunmap(), as the adoption falls back'],
    ['v6', 'arm_smmu_kdump_adopt_cleanup'],
  ])('of %s', async (revision, releasedBy) => {
    const { adoption } = (await by(revision, badSpan(), { iomem: IOMEM })).smmu;
    expect([adoption.verdict, adoption.mappings[0]?.releasedBy]).toEqual(['fallback', releasedBy]);
  });
});

describe('a probe that fails', () => {
  const givenBack = async (revision: string, memory: Image, options: MachineOptions = {}) => {
    const { facts, smmu } = await by(revision, memory, { iomem: IOMEM, ...options });
    const text = [...textReport(facts, plainStyle(200), { full: true })].join('');
    return [
      smmu.adoption.mappings.map(({ releasedBy }) => releasedBy),
      smmu.inserts.flatMap(({ mappings }) => mappings.map(({ releasedBy }) => releasedBy)),
      /devres acts (.*?)\./.exec(text.replaceAll(/\s+/g, ' '))?.[1],
    ];
  };

  test('gives back what devres has: of v1, which maps before it sees that it cannot go on', async () => {
    const registers = { STRTAB_BASE_CFG: '0x1021f' };
    expect(await givenBack('v1', bypassOnTwoBusses().reserve(L1, 2 ** 26), { registers })).toEqual([
      ['devres, as the probe of the SMMU fails'],
      [],
      'as the probe fails',
    ]);
  });

  test('of an SMMU that is lost with a device', async () => {
    const memory = bypassOnTwoBusses().l1(L1, 1, 9, 0x2_0000_0000_0000);
    expect(await givenBack('v4', memory, { insert: [8, 0x100] })).toEqual([
      ['devres, as the probe of the SMMU fails'],
      ['devres, as the probe of the SMMU fails', null],
      'as the probe fails',
    ]);
  });
});

describe('a mapping that fails', () => {
  const beyond = 0x2_0000_0000_0000;

  test('of the L1 table is an oops at once, where nobody notices', async () => {
    const options = { registers: { STRTAB_BASE: `0x${beyond.toString(16)}` }, iomem: IOMEM };
    const outcomes = await split(bypassOnTwoBusses, options, fateOf);
    expect(outcomes.slice(0, 2)).toEqual(['v1 to v2: panic null kernel-dies', 'v3 to v5: fallback ENXIO falls-back']);
    const { panic } = (await by('v1', bypassOnTwoBusses(), options)).smmu;
    expect(panic).toMatchObject({ where: 'arm_smmu_device_probe', address: '0x2000000000000' });
    expect(panic?.why).toMatch(/^the mapping failed, and the driver takes its error code for an address/);
  });

  test('of an L2 table is one when a device of its bus is asked about', async () => {
    const memory = () => bypassOnTwoBusses().l1(L1, 1, 9, beyond);
    const none = await split(memory, { iomem: IOMEM, insert: [8] }, fateOf);
    expect(none.slice(0, 2)).toEqual(['v1 to v2: adopted null adopted', 'v3: fallback ENXIO falls-back']);
    const { panic } = (await by('v2', memory(), { iomem: IOMEM, insert: [8, 0x100] })).smmu;
    expect(panic).toMatchObject({ where: 'arm_smmu_is_attach_deferred', address: '0x2000000000000' });
  });

  test('of a linear table is one for any device', async () => {
    const registers = { STRTAB_BASE: `0x${beyond.toString(16)}`, STRTAB_BASE_CFG: '0x6' };
    const { smmu } = await by('v1', bypassOnTwoBusses(), { registers, iomem: IOMEM, insert: [8] });
    expect([smmu.adoption.verdict, smmu.panic?.address]).toEqual(['adopted', '0x2000000000200']);
  });
});

describe('the overlap test', () => {
  const verdicts = (memory: () => Image, options: MachineOptions = {}) =>
    split(
      memory,
      { iomem: IOMEM, ...options },
      ({ smmu }) => `${smmu.adoption.verdict} at ${smmu.adoption.decidedBy?.id}`,
    );
  const early = (runs: readonly string[]) => runs.filter((run) => /^v[1-5]/.test(run));

  test('an L2 table in memory of the kdump kernel', async () => {
    expect(early(await verdicts(() => bypassOnTwoBusses().l1(L1, 1, 9, KDUMP_START)))).toEqual([
      'v1 to v2: adopted at undefined',
      'v3 to v5: fallback at two-level.l2-overlap',
    ]);
  });

  test('one in the registers of a device: what has claimed them by then is not known', async () => {
    expect(early(await verdicts(() => bypassOnTwoBusses().l1(L1, 1, 9, UART & ~0x3fff)))).toEqual([
      'v1 to v4: adopted at undefined',
      'v5: indeterminate at two-level.l2-overlap',
    ]);
  });

  test.each([
    ['over the start of them', UART - 0x2000, 'v5: fallback at two-level.l2-overlap'],
    ['over the end of what the driver claims', UART + 0xdc0, 'v5: fallback at two-level.l2-overlap'],
    ['behind it, where another driver may be', UART + 0xe00, 'v5: indeterminate at two-level.l2-overlap'],
  ])("one in the SMMU's own registers, %s", async (_, paddr, v5) => {
    const memory = () => bypassOnTwoBusses().l1(L1, 1, 9, paddr);
    const base = `0x${UART.toString(16)}`;
    expect(early(await verdicts(memory, { base }))).toEqual(['v1 to v4: adopted at undefined', v5]);
    // Nobody has to know the kdump kernel's memory for that.
    const alone = await inspectMachine(memory(), { revision: 'v5', base });
    expect(alone.smmu.adoption.verdict).toBe(/fallback/.test(v5) ? 'fallback' : 'indeterminate');
  });

  test('one in a hole, which is no resource', async () => {
    expect(early(await verdicts(() => bypassOnTwoBusses().l1(L1, 1, 9, HOLE)))).toEqual([
      'v1 to v7: adopted at undefined',
    ]);
  });

  test('a linear table across the start of that memory', async () => {
    const registers = { STRTAB_BASE: `0x${(KDUMP_START - 64).toString(16)}`, STRTAB_BASE_CFG: '0x6' };
    const memory = () => bypassOnTwoBusses().reserve(KDUMP_START - 4096, 4096);
    expect(early(await verdicts(memory, { registers }))).toContain('v3 to v5: fallback at linear.overlap');
  });

  test('nobody says where that memory is: it cannot be told, unless something else fails', async () => {
    const { smmu } = await inspectMachine(bypassOnTwoBusses(), { revision: 'v4' });
    expect([smmu.adoption.verdict, smmu.adoption.decidedBy?.id]).toEqual(['indeterminate', 'two-level.l1-overlap']);
    const broken = await inspectMachine(bypassOnTwoBusses().l1(L1, 1, 5, L2_BUS1), { revision: 'v4' });
    expect([broken.smmu.adoption.verdict, broken.smmu.adoption.decidedBy?.id]).toEqual([
      'fallback',
      'two-level.l1-descriptors',
    ]);
  });

  test('a captured log settles what it leaves open', async () => {
    const text = 'arm-smmu-v3 smmu0: kdump: retaining SMMUEN for in-flight DMA\nRun /init as init process\n';
    const { smmu } = await inspectMachine(bypassOnTwoBusses(), { revision: 'v3', dmesg: { file: 'log', text } });
    expect(smmu.adoption).toMatchObject({ verdict: 'adopted', settledByLog: true });
  });
});

describe('what makes an attach wait', () => {
  /** V and Config of the only STE that is asked about; null for a bus without a table. */
  const STES = [
    ['V=0', { V: 0, Config: 4 }],
    ['abort', { V: 1, Config: 0 }],
    ['reserved', { V: 1, Config: 1 }],
    ['bypass', { V: 1, Config: 4 }],
    ['a new table', null],
  ] as const;

  test.each(STES)('%s', async (name, ste) => {
    const memory = () =>
      ste === null ? bypassOnTwoBusses().l1(L1, 1, 0, 0) : bypassOnTwoBusses().ste(L2_BUS1, 7, ste);
    const runs = await split(
      memory,
      { iomem: IOMEM, insert: [0x107] },
      ({ smmu }) => smmu.devices[0]?.deferred ?? null,
    );
    expect(runs).toEqual(
      {
        'V=0': ['v1 to next: false'],
        abort: ['v1 to v2: true', 'v3 to next: false'],
        // The scan of v8 rejects the table, and nothing defers in a new one.
        reserved: ['v1 to v7: true', 'v8 to next: false'],
        bypass: ['v1 to next: true'],
        'a new table': ['v1 to v2: true', 'v3 to next: false'],
      }[name],
    );
  });
});

describe('the reset', () => {
  const registers = { CR0: '0x1d', IDR0: '0x0d4c101b', GERROR: '0x1' };
  const resets = (of: (told: Told) => unknown) => split(bypassOnTwoBusses, { registers, iomem: IOMEM }, of);

  test('CR0 while the queues are off, and in the end', async () => {
    expect(await resets(({ smmu: { reset } }) => `${reset?.cr0.kept} ${reset?.cr0.after}`)).toEqual([
      'v1 to v2: 0x1 0x9',
      'v3 to next: 0x11 0x19',
    ]);
  });

  test('active errors are acknowledged', async () => {
    expect(await resets(({ smmu: { reset } }) => reset?.gerror.acknowledged)).toEqual([
      'v1 to v2: false',
      'v3 to next: true',
    ]);
  });

  test('with CMDQ_ERR active and not acknowledged no command is consumed', async () => {
    const whys = await resets(({ smmu: { reset } }) => reset?.phases.at(-1)?.why);
    expect(whys.map((run) => run.split(': ')[0])).toEqual(['v1 to v2', 'v3 to next']);
    const { smmu } = await by('all', bypassOnTwoBusses(), { iomem: IOMEM, registers: { GERROR: '0x1' } });
    expect(smmu.splits?.map(({ revision, aspect }) => `${revision} ${aspect}`)).toEqual(['v1 reset', 'v2 reset']);
    expect(smmu.splits?.[0]?.why).toBe(
      'v6 acknowledges CMDQ_ERR; v1 does not, so that the commands of its reset are not consumed',
    );
    const other = await by('v1', bypassOnTwoBusses(), { iomem: IOMEM, registers: { GERROR: '0x4' } });
    expect(other.smmu.reset?.phases.at(-1)?.inFlight).toBe('aborted');
  });

  test('each of its commands is waited for in vain, which a log bears out', async () => {
    const timeouts = async (registers: MachineOptions['registers'], revision = 'v2') =>
      (
        await by(revision, bypassOnTwoBusses(), { iomem: IOMEM, registers: { GERROR: '0x1', ...registers } })
      ).smmu.kernelLog
        .filter(({ text }) => /^CMD_SYNC/.test(text))
        .map(({ level, stage, text }) => `${stage} ${level} ${text}`);
    const first = [
      'reset err CMD_SYNC timeout at 0x00000001 [hwprod 0x00000002, hwcons 0x00000000]',
      'reset err CMD_SYNC timeout at 0x00000003 [hwprod 0x00000004, hwcons 0x00000000]',
    ];
    const third = 'reset err CMD_SYNC timeout at 0x00000005 [hwprod 0x00000006, hwcons 0x00000000]';
    expect(await timeouts({})).toEqual(first);
    // IDR0.HYP: there is EL2 to flush.
    expect(await timeouts({ IDR0: '0x0d4c121b' })).toEqual([...first, third]);
    expect(await timeouts({ CR0: '0x0' })).toEqual(first);
    expect(await timeouts({}, 'v3')).toEqual([]);
    expect(await timeouts({ GERRORN: '0x1' })).toEqual([]);
  });

  test('v1 says that it resets, and goes on not to', async () => {
    const said = await resets(({ smmu }) => smmu.kernelLog.some(({ text }) => text.includes('Resetting...')));
    expect(said).toEqual(['v1: true', 'v2 to next: false']);
  });
});

test('bypass STEs of firmware go into the crashed table through v5', async () => {
  const kept = async (options: MachineOptions) => {
    const given = { iomem: IOMEM, rmr: [8], ...options };
    const told = all.map(
      async (name) => [name, (await by(name, bypassOnTwoBusses(), given)).smmu.rmr[0]?.kept] as const,
    );
    return runsOf(await Promise.all(told));
  };
  expect(await kept({})).toEqual(['v1 to v5: false', 'v6 to next: true']);
  expect(await kept({ registers: NO_TWO_LEVEL })).toEqual(['v1: false', 'v2 to v3: true', 'v4 to next: false']);
});

test('a linear table on two-level hardware: v1 to v3 leave the feature off where it is refused', async () => {
  const registers = { ...LINEAR_REGISTERS, STRTAB_BASE_CFG: '0x1b' };
  const memory = () => new Image().abortTable(LINEAR, 64);
  const feature = await split(
    memory,
    { registers, iomem: IOMEM },
    ({ smmu }) => smmu.adoption.featuresAfter.twoLevelStreamTable,
  );
  expect(feature).toEqual(['v1 to v3: false', 'v4 to next: true']);
});

describe('revisions side by side share their work', () => {
  test.each<[string, () => Image, MachineOptions]>([
    ['a healthy machine', bypassOnTwoBusses, { insert: [8, 0x100] }],
    ['an L2 table in a hole', () => bypassOnTwoBusses().l1(L1, 1, 9, HOLE), { insert: [8, 0x100] }],
    [
      'a descriptor that changes',
      bypassOnTwoBusses,
      { insert: [8, 0x100], later: bypassOnTwoBusses().l1(L1, 1, 9, 0) },
    ],
    ['reserved regions', bypassOnTwoBusses, { insert: [8, 9, 0x300], rmr: [9, 0x300, 0x1000] }],
    ['the third mapping fails', bypassOnTwoBusses, { insert: [8, 0x100], fail: { memremaps: new Set([3]) } }],
  ])('and come to the same as each by itself: %s', async (_, memory, options) => {
    const given = { iomem: IOMEM, ...options };
    const { adoptions } = (await by('all', memory(), given)).smmu;
    for (const name of all) {
      const { adoption, fate, inserts, devices, reset, kernelLog, panic, lost } = (await by(name, memory(), given))
        .smmu;
      const alone = { ...adoption, fate, inserts, devices, reset, kernelLog, panic, lost };
      expect(adoptions?.[name]).toEqual(alone);
    }
  });
});

describe('an L1 table that nobody bounds', () => {
  const sized = (log2size: number) => ({ STRTAB_BASE_CFG: `0x${(0x1_0200 + log2size).toString(16)}` });
  const endOf = async (log2size: number, options: MachineOptions = {}) => {
    const { smmu } = await by('v1', bypassOnTwoBusses(), { registers: sized(log2size), iomem: IOMEM, ...options });
    return [smmu.adoption.verdict, smmu.adoption.errno, smmu.adoption.decidedBy?.id];
  };

  test('ends at the array of pointers, where that is more than the kernel has', async () => {
    expect(await endOf(31)).toEqual(['probe-fails', 'ENOMEM', 'two-level.l2-pointers']);
    expect(await endOf(39)).toEqual(['probe-fails', 'ENOMEM', 'two-level.l2-pointers']);
    const { smmu } = await by('v1', bypassOnTwoBusses(), { registers: sized(31), iomem: IOMEM });
    expect(smmu.kernelLog.at(-1)?.text).toBe('probe with driver arm-smmu-v3 failed with error -12');
    expect(smmu.adoption.checks.find(({ id }) => id === 'two-level.l2-pointers')?.observed).toBe(
      '67108864 bytes: more than this kernel can have in one piece',
    );
  });

  test('or more than any kernel with such pages', async () => {
    const unknown = { iomem: undefined } as unknown as MachineOptions;
    expect(await endOf(27, unknown)).toEqual(['indeterminate', null, 'two-level.l2-pointers']);
    expect(await endOf(31, unknown)).toEqual(['indeterminate', null, 'two-level.l2-pointers']);
    expect(await endOf(32, unknown)).toEqual(['probe-fails', 'ENOMEM', 'two-level.l2-pointers']);
  });

  test('a shift by 32 bits is not defined', async () => {
    expect(await endOf(40)).toEqual(['indeterminate', null, 'two-level.l1-entries']);
  });

  test('what it covers is all there is, where there is room', async () => {
    const memory = new Image()
      .l1(L1, 0, 9, L2_BUS0)
      .abortTable(L2_BUS0, 256)
      .reserve(L1, 2 ** 21);
    const { smmu } = await by('v2', memory, { registers: sized(26) });
    expect(smmu.adoption).toMatchObject({ verdict: 'adopted', entries: 2 ** 18 });
  });
});
