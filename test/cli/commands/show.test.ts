/** `smmu-adopt show` from outside: one stream in full, in text and JSON, and what it refuses. */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SAMPLES_FOLDER } from '../../../samples/make.ts';
import { CURRENT_REVISIONS } from '../../../src/adopt/revisions/revisions.ts';
import { run } from '../../support/command.ts';

const showIn = (sample: string, args: readonly string[], dump = 'dump.raw') =>
  run(['show', dump, '--regs', 'regs.json', ...args], { cwd: join(SAMPLES_FOLDER, sample) });

async function show(sample: string, args: readonly string[], { status = 0, dump = 'dump.raw' } = {}): Promise<string> {
  const outcome = await showIn(sample, args, dump);
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr: '', status });
  expect(outcome.stdout).toMatch(/^[\n\x20-\x7e]*$/);
  expect(outcome.stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  return outcome.stdout;
}

const json = async (sample: string, args: readonly string[], options?: Parameters<typeof show>[2]) => {
  const outcome = await showIn(sample, [...args, '--format', 'json'], options?.dump);
  expect({ stderr: outcome.stderr, status: outcome.status }).toEqual({ stderr: '', status: options?.status ?? 0 });
  return JSON.parse(outcome.stdout);
};

describe('a stage 1 stream, the same for all revisions', () => {
  test('in text', async () => {
    expect(await show('asids-in-use', ['--sid', '01:00.0'])).toBe(
      `arm-smmu-v3.0.auto, SID 0x100: STAGE 1 TRANSLATION
  STE at 0x88014000 (present), 1 valid CD behind it; 01:00.0 if the SID is a PCI requester ID
  v6 to next: adopted; a device is accepted, its attach deferred: the entry stays until its first
  DMA mapping

Where it is  as the hardware looks it up
  Read           Index          At  Value               Says                                 Page
  -------------  -----  ----------  ------------------  -----------------------------------  -------
  STRTAB_BASE        -  0x88002000  0x4000000088002000  2^12 StreamIDs, 16 descriptors,      -
                                                        split 8, at 0x88002000
  L1 descriptor      1  0x88002008  0x0000000088014009  span 9: 256 STEs at 0x88014000       present
  STE                0  0x88014000  0x000000008802008b  V 1, Config 5: stage 1 only          present
  Linux reads the same entry

Stream table entry  a stage that is off has no effect; --all shows its fields too
  0x000000008802008b 0x0000100080000000 0x0000000000000000 0x0000000000000000
  0x0000000000000000 0x0000000000000000 0x0000000000000000 0x0000000000000000
  Field                Value  Says
  --------------  ----------  ----------------------------------------------------------------------
  Entry
    V                      1  STE valid: yes
    Config                 5  Stream configuration: stage 1 only
  Stage 1
    S1ContextPtr  0x88020080  CD table address [55:6]; an IPA when stage 2 is enabled
    S1CDMax                0  log2 of the number of CDs; 0 means one CD and no substreams: 1 CD
    S1CIR                  0  CD fetch inner cacheability: non-cacheable
    S1COR                  0  CD fetch outer cacheability: non-cacheable
    S1CSH                  0  CD fetch shareability: non-shareable
    S1STALLD               0  Stalling of stage 1 faults disabled: CD.S may be set
    STRW                   2  Stream world, for Config=5 with IDR0.Hyp=1: EL2 or EL2-E2H per CR2.E2H
  Attributes
    EATS                   0  PCIe ATS: translation requests refused

Context descriptors  one at 0x88020080
  one CD for the whole stream: S1CDMax is 0; S1Fmt and S1DSS are ignored; a SubstreamID is
  C_BAD_SUBSTREAMID

CD of SubstreamID 0  at 0x88020080 (present)
  0x0003e204c0000010 0x0000000088200000 0x0000000000000000 0x00000000f404ff44
  Field                        Value  Says
  ----------------------  ----------  --------------------------------------------------------------
  Context
    V                              1  CD valid: yes
    ASID                           3  ASID of the translations
    ASET                           1  ASID set: private, not affected
    AA64                           1  Stage 1 table format: VMSAv8-64
    IPS                            4  Stage 1 output address size, limited by IDR5.OAS: 44 bits
    EPD0                           0  TTB0 walks: enabled
    EPD1                           1  TTB1 walks: disabled, F_TRANSLATION
    S                              0  Stall on stage 1 fault: terminate
    R                              1  Record stage 1 fault: record an event
    A                              1  Response to a terminated stage 1 fault (S=0): abort to the
                                      device
    MAIR0                 0xf404ff44  Memory attributes of AttrIndx 0 to 3, one byte each, index 0
                                      lowest: 44 ff 04 f4
  Lower addresses (TTB0)
    TTB0                  0x88200000  TTB0 table address [51:4], [55:4] with D128; aligned by
                                      hardware
    T0SZ                          16  TTB0 input range: addresses have 64 - T0SZ bits: 48 bits
    TG0                            0  TTB0 granule: 4KB
    IR0                            0  TTB0 walk inner cacheability: non-cacheable
    OR0                            0  TTB0 walk outer cacheability: non-cacheable
    SH0                            0  TTB0 walk shareability: non-shareable

What its DMA can reach
  nothing is mapped

What each revision does with it  * differs
                   v6 and v7   v8 to next
  ---------------  ----------  ----------
  adoption         adopted     adopted
  device inserted  accepted    accepted
  L2 table mapped  0x88014000  0x88014000
  attach           deferred    deferred
  ID scan *        none        passes
  the deferral ends with the device's first mapping through the DMA API: the default domain is
  attached, the STE rewritten in place; or an attach of any other domain (VFIO, iommufd, blocked);
  or the release of the device, which leaves the STE as it is

  about the SMMU or the input as a whole (smmu-adopt inspect): sids-beyond-table, gbpa-bypass,
  dma-goes-on, asid-reuse
  assumed: firmware.coherent = true (not in the snapshot; taken from IDR0.COHACC)
`,
    );
  });

  test('--all shows what has no effect, too', async () => {
    const text = await show('asids-in-use', ['--sid', '0x100', '--all']);
    expect(text).toMatch(/^ {2}Stage 2 \(no effect\)$/m);
    expect(text).toMatch(/^ {2}Upper addresses \(TTB1\) \(no effect\)$/m);
    for (const field of ['S1Fmt', 'S1DSS', 'S2VMID', 'S2POI15', 'SHCFG', 'MECID', 'TTB1', 'PIIP15', 'AMAIR0']) {
      expect(text).toMatch(new RegExp(`^    ${field} +[0-9x]`, 'm'));
    }
  });

  test('--revision shows one', async () => {
    const text = await show('asids-in-use', ['--sid', '0x100', '--revision', 'v10']);
    expect(text).toContain('\n  v10: adopted; a device is accepted');
    expect(text).toMatch(/\n {19}v10\n/);
    expect(text).not.toMatch(/v[67]/);
  });

  test('in JSON, with the rows that inspect has', async () => {
    const stream = await json('asids-in-use', ['--sid', '256']);
    const inspected = await run(
      ['inspect', 'dump.raw', '--regs', 'regs.json', '--sid', '256', '--insert', '256', '--revision', 'all'].concat([
        '--format',
        'json',
      ]),
      { cwd: join(SAMPLES_FOLDER, 'asids-in-use') },
    );
    const [smmu] = JSON.parse(inspected.stdout).smmus;
    expect(stream).toMatchObject({
      schemaVersion: 1,
      smmu: 'arm-smmu-v3.0.auto',
      sid: 256,
      bdf: '01:00.0',
      enabled: true,
    });
    expect(stream.ste).toEqual(smmu.stes[0]);
    expect(Object.keys(stream.revisions)).toEqual(CURRENT_REVISIONS.map(({ name }) => name));
    for (const [name, { insert, device, verdict }] of Object.entries<Record<string, unknown>>(stream.revisions)) {
      expect({ verdict, insert, device }).toEqual({
        verdict: smmu.adoptions[name].verdict,
        insert: smmu.adoptions[name].inserts[0],
        device: smmu.adoptions[name].devices[0],
      });
    }
    expect(stream.lookup.same).toBe(true);
    expect(stream.lookup.linux.steps.map(({ what }: { what: string }) => what)).toEqual([
      'STRTAB_BASE',
      'L1 descriptor',
      'STE',
    ]);
  });
});

describe('where revisions part, or Linux and the hardware', () => {
  test('a CD table that the scan of v10 rejects, with substreams', async () => {
    const text = await show('cd-table-unaligned', ['--sid', '0x40']);
    expect(text).toContain(`
  v6 to v9: adopted; a device is accepted, its attach deferred: the entry stays until its first DMA
  mapping
  v10 and next: the table is rejected (-EINVAL at ids.scan); after the reset the stream aborts until
  its device is attached
`);
    expect(text).toContain(`
Context descriptors  linear table at 0x88020040
  linear, 8 SubstreamIDs; without one, traffic is translated by CD 0
  S1CDMax 3: a CD each for SubstreamIDs 0 to 7, C_BAD_SUBSTREAMID for any other
  S1DSS 2: CD 0 is for traffic without a SubstreamID; 0 itself is F_STREAM_DISABLED
`);
    expect(text).toMatch(/\nCD of SubstreamID 0 .+\nCD of SubstreamID 1 /s);
    expect(text).toMatch(/\n {2}ID scan \* +none +passes +cd-table-unaligned \(STOPS\)\n/);
  });

  test('another stream that stops the scan', async () => {
    const text = await show('cd-table-unaligned', ['--sid', '0x8']);
    expect(text).toMatch(/\n {2}ID scan \* +none +passes +stops elsewhere\n/);
  });

  test('an L2 pointer that the two read differently', async () => {
    const text = await show('unaligned-l2', ['--sid', '0x100']);
    expect(text).toMatch(/: TERMINATED, NO VALID CD\n/);
    expect(text).toMatch(/\nWhere Linux looks for it\n(.+\n)+ {2}Linux reads another entry than the hardware\n/);
    expect(text).toContain('  v6 and v7: adopted; a device is accepted, its attach made at once: ');
    expect(text).toContain('[l2-unaligned]');
    const { lookup } = await json('unaligned-l2', ['--sid', '0x100']);
    expect(lookup).toMatchObject({
      same: false,
      hardware: { outcome: 'found', address: '0x88014000' },
      linux: { outcome: 'found', address: '0x88015000' },
    });
  });

  test('a nested stream in a linear table: both stages, and a CD table of a guest', async () => {
    const text = await show('linear-on-two-level', ['--sid', '0x18']);
    expect(text).toMatch(/: NESTED TRANSLATION\n/);
    expect(text).toMatch(/\n {4}S2VMID +3 {2}VMID of the stream\n/);
    expect(text).toMatch(/\n {4}S2T0SZ +24 {2}.+: 40 bits\n/);
    expect(text).not.toMatch(/ STRW | S2POI0 | L1 descriptor /);
    expect(text).toContain("\n  nested: its CD table is in a guest's address space\n");
    expect(text).toContain('\n  S1DSS 0: without a SubstreamID, traffic is terminated (F_STREAM_DISABLED)\n');
  });

  test('a stage 2 stream has no fields of stage 1', async () => {
    const text = await show('linear-on-two-level', ['--sid', '0x10']);
    expect(text).toMatch(/: STAGE 2 TRANSLATION\n/);
    expect(text).not.toMatch(/S1ContextPtr|Context descriptors/);
  });

  test.each([
    ['0x30', 'BYPASS', ['Entry', 'Attributes']],
    ['0x9', 'ABORTED', ['Entry']],
  ])('SID %s: %s', async (sid, effect, groups) => {
    const text = await show('healthy-two-level', ['--sid', sid]);
    expect(text).toContain(`: ${effect}\n`);
    expect(text.match(/^ {2}(Entry|Stage 1|Stage 2|Attributes)$/gm)?.map((line) => line.trim())).toEqual(groups);
  });

  test('a device of several streams is inserted with all of them', async () => {
    const stream = await json('healthy-two-level', ['--sid', '0x9', '--device', 'nic=0x8,0x9']);
    expect(stream.revisions.v6.device).toMatchObject({ name: 'nic', sids: [8, 9], deferred: true, deferredBy: 8 });
    expect((await json('healthy-two-level', ['--sid', '0x9'])).revisions.v6.device).toMatchObject({ deferred: false });
  });

  test('an L2 table in a hole of the physical map', async () => {
    const text = await show('l2-hole', ['--sid', '0x100', '--iomem', 'iomem.txt'], { status: 3 });
    expect(text).toContain(
      '\n  v6 and v7: adopted; the kernel dies in arm_smmu_is_attach_deferred, reading 0x170000000\n',
    );
    expect(text).toContain('\n  v8 to next: the kernel dies in the adoption, reading 0x170000000\n');
  });
});

describe('no entry', () => {
  test('a SID beyond the table: what stops the two, and what becomes of the device', async () => {
    const text = await show('linear-on-two-level', ['--sid', '0x40']);
    expect(text).toContain(`SID 0x40: TERMINATED, THERE IS NO STE
  the table covers 2^6 StreamIDs; 00:08.0 if the SID is a PCI requester ID
  v6 and v7: adopted; a device is refused (-ERANGE), and the whole SMMU is lost with it
`);
    expect(text).toContain('[insert-out-of-range]');
    expect(text).not.toContain('Stream table entry');
    const { lookup, ste } = await json('linear-on-two-level', ['--sid', '0xffffffff']);
    expect({ ste, same: lookup.same, hardware: lookup.hardware.outcome }).toEqual({
      ste: null,
      same: null,
      hardware: 'no-entry',
    });
  });

  test('a SID beyond a short L2 table, which Linux does not read at all', async () => {
    const text = await show('bad-span', ['--sid', '0x504']);
    expect(text).toContain('\n  ends here: L1[5] has span 3, which holds 4 STEs\n');
    expect(text).toContain('\n  ends here: Linux knows no other span than 9\n');
    expect(text).toMatch(/\n {2}v6 to next: the table is rejected \(-EINVAL at two-level\.l1-descriptors\)/);
    expect(text).toContain('\n  about the SMMU or the input as a whole (smmu-adopt inspect): adoption-fallback, ');
  });

  test('a SID of an unused descriptor', async () => {
    const text = await show('healthy-two-level', ['--sid', '0x500']);
    expect(text).toContain('\n  ends here: L1[5] is unused: a device gets a new table of abort entries\n');
    expect(text).toMatch(/\n {2}L2 table mapped +a new one, all abort/);
  });

  test('a split that Linux does not know', async () => {
    expect(await show('wrong-split', ['--sid', '0x8'])).toContain('\n  ends here: Linux knows no other SPLIT than 8\n');
  });

  test('an STE that is not in the dump: exit status 3', async () => {
    const text = await show('truncated', ['--sid', '0x100'], { status: 3, dump: 'dump.elf' });
    expect(text).toContain(`: CANNOT BE TOLD FROM THIS DUMP
  the STE at 0x88014000 is not in the dump (lost); 01:00.0 if the SID is a PCI requester ID
  v6 to next: cannot be told: the dump lacks what decides about the adoption
`);
    expect(text).toMatch(/\n {2}STE +0 {2}0x88014000 {2}- +not in the dump +lost\n/);
  });

  test('an L1 descriptor that is not in the dump', async () => {
    const { lookup } = await json('truncated', ['--sid', '0x900'], { status: 3, dump: 'dump.elf' });
    expect(lookup.hardware).toMatchObject({
      outcome: 'not-in-dump',
      address: null,
      steps: [{}, { pageState: 'lost' }],
    });
  });

  test('an SMMU that was off', async () => {
    const name = 'off\u001b[31m\nred';
    const text = await show('two-smmus', ['--sid', '0x8', '--smmu', name]);
    expect(text).toMatch(/^off\\u001b\[31m\\u000ared, SID 0x8: NOT LOOKED UP, THE SMMU WAS OFF\n/);
    expect(text).toContain('\n  v6 to next: no adoption is attempted (gate.smmuen); ');
  });
});

describe('what cannot be used: one line on stderr, nothing on stdout, exit status 2', () => {
  test.each<[string, string[], string]>([
    ['no SID', [], "required option '--sid <sid>' not specified"],
    ['several SIDs', ['--sid', '0x8,0x9'], '"0x8,0x9" is more than one StreamID; inspect --sid takes several'],
    ['a range', ['--sid', '8-9'], '"8-9" is more than one StreamID'],
    ['no StreamID', ['--sid', 'x'], '"x" is not a StreamID'],
    ['too large', ['--sid', '0x100000000'], '"0x100000000" is too large for a StreamID'],
    [
      'several SMMUs',
      ['--sid', '8'],
      'regs.json: has 2 SMMUs; --smmu says which: arm-smmu-v3.0.auto, off\\u001b[31m red',
    ],
    ['unknown SMMU', ['--sid', '8', '--smmu', 'x'], 'no SMMU "x"; there are arm-smmu-v3.0.auto, '],
    ['unknown option', ['--sid', '8', '--insert', 'all'], "unknown option '--insert'"],
  ])('%s', async (_, args, message) => {
    const { stdout, stderr, status } = await showIn('two-smmus', args);
    expect({ stdout, status, lines: stderr.split('\n').length - 1 }).toEqual({ stdout: '', status: 2, lines: 1 });
    expect(stderr).toContain(message);
  });
});
