/** `smmu-adopt log` from outside: files, standard input, what it prints, and how it ends. */

import { createHash } from 'node:crypto';
import { readFileSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from '../../support/command.ts';
import { expectStrictlyValidLog } from '../../support/schema.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { DRESSINGS, driverLines } from '../../support/writers/log-writer.ts';

const folder = temporaryFolder();
const LOGS = fileURLToPath(new URL('../../data/logs/', import.meta.url));
const log = (...args: string[]) => run(['log', ...args], { cwd: LOGS });

describe('text', () => {
  test('says what failed, how often, and what that means', async () => {
    const { stdout, stderr, status } = await log('kdump-with-events.txt');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).toBe(`arm-smmu-v3.0.auto: 1 EVENT; 2 COMMAND ERRORS: CMD_SYNC TIMEOUT, CERROR_ILL; 1 GLOBAL ERROR
  events  F_TRANSLATION of SID 0x100 (0000:01:00.0) at 0xffffb002, once

Events  what stops DMA first
  Count  Event            SID  Device           Address  Access                           When
  -----  -------------  -----  ------------  ----------  -------------------------------  --------
      1  F_TRANSLATION  0x100  0000:01:00.0  0xffffb002  unprivileged data read, stage 1  2.230000
    Lines 7
  F_TRANSLATION: The address is not mapped, or lies outside what the tables cover. Typical of DMA
  that goes on after its buffer was unmapped, and of a wrong address in a device.

Command queue
  Count  What              CMDQ_CONS.ERR  Stopped at  Command        When      Lines
  -----  ----------------  -------------  ----------  -------------  --------  -----
      1  CMD_SYNC timeout  CERROR_NONE        0xb1b7  -              3.100000     14
      1  CMDQ error        CERROR_ILL         0xb1b7  reserved 0x90  3.210000     16
  illegal command (CERROR_ILL)

Global errors
  Count      Active  Flags     When      Lines
  -----  ----------  --------  --------  -----
      1  0x00000001  CMDQ_ERR  3.200000     15
  CMDQ_ERR: Command error; see CMDQ_CONS.ERR

What the driver said when it started
  addresses  input 48 bits, output 48 bits
  features   0x001fffef: 2_LVL_STRTAB 2_LVL_CDTAB TT_LE TT_BE ATS SEV MSI COHERENCY TRANS_S1
             TRANS_S2 STALLS HYP STALL_FORCE VAX RANGE_INV BTM SVA E2H NESTING ATTR_TYPES_OVR
  queues     cmdq 65536, evtq 32768 entries

Adoption and reset  in order
  kdump: adopting crashed kernel's stream table
  kdump: retaining SMMUEN for in-flight DMA
`);
  });

  test.each([80, 100, 160])('no line is longer than a terminal of %i columns', async (columns) => {
    const body = [
      'CMDQ error (cons 0x030120f3): ATC invalidate timeout',
      'CMDQ error (cons 0x010120f3): ATC invalidate timeout',
      'unexpected global error reported (0x000001fd), this could be serious',
      'sid 0x00000100.0x00005: [17L] unprivileged RWX access at iova 0xfffffffffffff000',
      'event: F_PERMISSION client: a-device-with-a-rather-long-name.12345 sid: 0x20600 ssid: 0xfffff iova: 0xfffffffffffff000 ipa: 0xfffffffff000',
      'priv inst read s2 "Stage 1 translation table fetch" stall stag: 0xffff',
    ].map((text) => `[Tue Sep 29 10:11:12 2026] arm-smmu-v3 arm-smmu-v3.0.auto: ${text}\n`);
    const file = folder.write('wide.txt', body.join(''));
    const { stdout } = await run(['log', file, '--color', 'never'], { cwd: LOGS, columns });
    expect(stdout).toContain('F_PERMISSION');
    expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
  });

  test('counts of a log that lacks events are lower bounds, and say so', async () => {
    const lines = [
      ...driverLines([{ device: 'a.iommu', words: [0x100_0000_0010n, 0n, 0x1000n, 0n] }], 'v5').map(
        ({ device, body }) => `arm-smmu-v3 ${device}: ${body}`,
      ),
      'arm_smmu_evtq_thread: 4643 callbacks suppressed',
      'arm_smmu_cmdq_issue_cmdlist: 1 callbacks suppressed',
    ];
    const { stdout } = await log(folder.write('limited.txt', `${lines.join('\n')}\n`));
    expect(stdout).toContain('a.iommu: AT LEAST 1 EVENT\n');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'left out at least 4,643 more events, which the kernel did not print: no count here is more than a lower bound ' +
        'left out at least 1 more timeout of the command queue',
    );
  });

  test('what domains devices get stands with what the driver said', async () => {
    const lines = [
      'iommu: Default domain type: Passthrough (set via kernel command line)',
      'iommu: DMA domain TLB invalidation policy: lazy mode',
      'arm-smmu-v3 a.iommu: option mask 0x0',
    ];
    const { stdout } = await log(folder.write('domains.txt', `${lines.join('\n')}\n`));
    expect(stdout).toContain('  domains  Passthrough, set via kernel command line\n');
    expect(stdout).toContain('  TLB      entries of what is unmapped go: lazy\n');
  });

  test('devices that got no translation, with what that means', async () => {
    const line = 'pci 0000:05:05.0: Aliasing StreamID 0x500 (from 0000:05:04.0) unsupported, expect DMA to be broken';
    const file = folder.write('aliasing.txt', `[    1.053768] ${line}\n`);
    const { stdout, status } = await log(file, '--fail-on', 'error');
    expect(status).toBe(1);
    expect(stdout).toContain('Devices  behind an SMMU that is not named\n');
    expect(stdout).toContain('0000:05:05.0');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('insert-aliasing: the StreamID belongs to another device already');
  });

  test('an SMMU that its driver gave up is not without faults', async () => {
    const file = folder.write('failed.txt', 'arm-smmu-v3 a.iommu: failed to clear cr0\n');
    const { stdout, status } = await log(file, '--fail-on', 'error');
    expect(status).toBe(1);
    expect(stdout).toContain('a.iommu: DRIVER FAILED\n');
    expect(stdout).toContain('failed  failed to clear cr0\n');
  });

  test('a log without an SMMU says so', async () => {
    const { stdout, status } = await log(folder.write('other.txt', 'usb 1-1: hello\n'));
    expect({ stdout, status }).toEqual({ stdout: 'No SMMUv3 speaks in this log\n  1 line was read.\n', status: 0 });
  });

  test('a log that begins with its end gives no words, and how to read it', async () => {
    const events = [5n, 6n].map((sid) => ({
      device: 'a.iommu',
      words: [(sid << 32n) | 0x10n, 0n, 0x1000n, 0n] as const,
    }));
    const lines = DRESSINGS['printk time']?.dress(driverLines(events, 'v5')).trimEnd().split('\n') ?? [];
    const { stdout } = await log(folder.write('reversed.txt', `${lines.toReversed().join('\n')}\n`));
    expect(stdout).toContain('tac FILE | smmu-adopt log');
    expect(stdout).not.toMatch(/0x5\b|0x6\b|0x1000/);
  });

  test('lines that cannot be used are counted, and shown on request', async () => {
    const file = folder.write('odd.txt', 'arm-smmu-v3 x.iommu: \u001bXhello\u0007\u202e\n');
    expect((await log(file)).stdout).toContain('Not used  1 line of an SMMU\n  --verbose shows them.\n');
    const { stdout } = await log(file, '--verbose');
    expect(stdout).toContain('     1  arm-smmu-v3 x.iommu: \\u001bXhello\\u0007\\u202e\n');
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });
});

describe('JSON', () => {
  test('fits its schema, whatever is in the log', async () => {
    for (const file of ['kdump-with-events.txt', 'smmu-lines-only.txt', 'overrides.txt', 'kdump-unpatched.txt']) {
      expectStrictlyValidLog(JSON.parse((await log(file, '--format', 'json', '-v')).stdout));
    }
  });

  test('an event, an error and a start', async () => {
    const { log: about, smmus } = JSON.parse((await log('kdump-with-events.txt', '--format', 'json')).stdout);
    expect(about).toMatchObject({ files: ['kdump-with-events.txt'], lines: 19, smmuLines: 18, passedOver: 0 });
    const [smmu] = smmus;
    expect(smmu).toMatchObject({ name: 'arm-smmu-v3.0.auto', lost: { overflows: 0, suppressed: 0 }, pageRequests: [] });
    expect(smmu.events).toMatchObject([
      {
        ...{ type: 'F_TRANSLATION', code: 16, sid: 256, ssid: null, address: '0xffffb002', ipa: null, write: false },
        ...{ execute: false, privileged: false, stage: 1, stalled: false, stag: null, count: 1, complete: true },
        ...{ firstLine: 7, lastLine: 7, firstTime: 2.23, lastTime: 2.23, device: '0000:01:00.0', deviceFrom: 'log' },
        words: ['0x0000010000000010', '0x0000020800000000', '0x00000000ffffb002', '0x0000000000000000'],
        inDump: null,
      },
    ]);
    expect(smmu.commandErrors[1]).toMatchObject({
      ...{
        line: 16,
        what: 'CMDQ error',
        cons: '0x0100b1b7',
        reason: 'CERROR_ILL',
        index: 45495,
        wrap: 0,
        problems: [],
      },
      command: { type: 'reserved', words: ['0x0000000000000090', '0x0000000000000000'] },
    });
    expect(smmu.globalErrors).toMatchObject([{ line: 15, active: '0x1', bits: ['CMDQ_ERR'] }]);
    expect(smmu.boot).toMatchObject({
      features: '0x001fffef',
      iasBits: 48,
      oasBits: 48,
      queueEntries: { cmdq: 65536 },
    });
  });

  test('ndjson has the same, a record a line', async () => {
    const records = (await log('kdump-with-events.txt', '--format', 'ndjson')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ record }) => record)).toEqual([
      'log',
      'smmu',
      'event',
      'commandError',
      'commandError',
      'globalError',
    ]);
    expect(records[2]).toMatchObject({ smmu: 'arm-smmu-v3.0.auto', type: 'F_TRANSLATION', sid: 256 });
  });
});

describe('as a page', () => {
  test('is whole in itself, runs nothing, and says what the text says', async () => {
    const { stdout, status } = await log('kdump-with-events.txt', '--format', 'html');
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/<script|url\(|@import|\s(src|style|on[a-z]+)=|href="(?!#)/);
    const ids = [...stdout.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...stdout.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !ids.includes(id))).toEqual([]);
    expect(links.length).toBeGreaterThan(5);
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(stdout) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(stdout.replaceAll('&#39;', "'")).toContain(`default-src 'none'; style-src 'sha256-${hash}';`);
    const text = stdout
      .replace(/<style>.*?<\/style>/s, '')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    for (const said of [
      'arm-smmu-v3.0.auto',
      '1 event; 2 command errors: CMD_SYNC timeout, CERROR_ILL; 1 global error',
      'F_TRANSLATION of SID 0x100 (0000:01:00.0) at 0xffffb002, once',
      'unprivileged data read, stage 1',
      'Typical of DMA that goes on after its buffer was unmapped',
      'CMDQ_ERR: Command error',
      'output 48 bits',
    ]) {
      expect(text).toContain(said);
    }
  });

  test('nothing of a log becomes markup', async () => {
    const file = folder.write(
      'markup.txt',
      'arm-smmu-v3 <b>x</b>.iommu: event 0x10 received: <script>alert(1)</script>\n',
    );
    const { stdout } = await log(file, '--format', 'html', '--verbose');
    expect(stdout).toContain('&lt;b&gt;x&lt;/b&gt;.iommu');
    expect(stdout).not.toMatch(/<b>|<script|alert\(1\)<\/script/);
  });

  test('a log without an SMMU says so', async () => {
    const file = folder.write('quiet.txt', 'usb 1-1: new device\n');
    expect((await log(file, '--format', 'html')).stdout).toContain('No SMMUv3 speaks in this log');
  });
});

describe('where logs come from', () => {
  const stdin = (input: string, ...args: string[]) => run(['log', ...args], { stdin: input });
  const lines = DRESSINGS['syslog']?.dress(
    driverLines([{ device: 'a.iommu', words: [0x0000000500000010n, 0x0000020800000000n, 0x1000n, 0n] }], 'v5'),
  );

  test.each([[[]], [['-']]])('standard input: %j', async (args) => {
    const { stdout, status } = await stdin(lines ?? '', '--format', 'json', ...args);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ log: { files: ['-'], lines: 5 }, smmus: [{ events: [{ sid: 5 }] }] });
  });

  describe('of several files', () => {
    const record = (sid: bigint) =>
      driverLines([{ device: 'a.iommu', words: [(sid << 32n) | 0x10n, 0n, 0x1000n, 0n] }], 'v5')
        .map(({ device, body }) => `arm-smmu-v3 ${device}: ${body}\n`)
        .join('');
    const sids = async (...files: string[]) => {
      const { stdout, stderr } = await log(...files, '--format', 'json');
      const { log: about, smmus } = JSON.parse(stdout);
      return { sids: smmus[0].events.map(({ sid, count }: Record<string, number>) => [sid, count]), stderr, about };
    };

    test('one that is named again is read once, and said', async () => {
      const file = folder.write('once.txt', record(5n));
      const link = `${folder.path}/link.txt`;
      symlinkSync(file, link);
      const found = await sids(file, link, file);
      expect(found).toMatchObject({ sids: [[5, 1]], about: { files: [file], lines: 5 } });
      expect(found.stderr.split('\n')).toEqual([
        `smmu-adopt: note: ${link} is ${file} again, and is read once`,
        `smmu-adopt: note: ${file} is ${file} again, and is read once`,
        '',
      ]);
    });

    test('each begins a line, whatever the one before ends with', async () => {
      const open = folder.write('open.txt', record(5n).trimEnd());
      const next = folder.write('next.txt', record(6n).replaceAll('arm-smmu-v3 a.iommu: ', ''));
      expect((await sids(open, next)).about).toMatchObject({ lines: 10, passedOver: 0 });
    });

    test.each(['utf16le', 'latin1'] as const)('each has its own encoding, %s first', async (first) => {
      const second = first === 'latin1' ? 'utf16le' : 'latin1';
      const one = folder.write(`first-${first}.txt`, Buffer.from(record(5n).trimEnd(), first));
      const other = folder.write(`second-${first}.txt`, Buffer.from(record(6n), second));
      expect((await sids(one, other)).sids).toEqual([
        [5, 1],
        [6, 1],
      ]);
    });
  });

  test('several files are one log', async () => {
    const copy = folder.write('copy.txt', readFileSync(`${LOGS}smmu-lines-only.txt`));
    const { smmus } = JSON.parse((await log('smmu-lines-only.txt', copy, '--format', 'json')).stdout);
    expect(smmus[0].events).toMatchObject([{ count: 2, firstLine: 1, lastLine: 8 }]);
  });

  test.each([
    ['no such file', ['none.txt'], 'none.txt: cannot be opened (ENOENT)'],
    ['a folder', ['.'], '.: is a directory; a log is needed'],
    ['gzip', [folder.write('a.gz', Uint8Array.of(0x1f, 0x8b, 8, 0))], 'is compressed with gzip'],
    [
      'an archive',
      [folder.write('a.zip', Uint8Array.of(0x50, 0x4b, 3, 4))],
      '`unzip -p FILE | smmu-adopt log` reads it',
    ],
    [
      'a photograph',
      [folder.write('a.jpg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))],
      'is a picture: the log is needed as text',
    ],
    ['a dump', [folder.write('vmcore', 'KDUMP   ')], 'is a memory dump, not a log'],
    ['nothing', [folder.write('empty', '')], 'is empty'],
  ])('%s is refused in one line', async (_, args, message) => {
    const { stdout, stderr, status } = await log(...args);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('--fail-on', () => {
  test.each([
    ['kdump-with-events.txt', 'error', 1],
    ['kdump-with-events.txt', 'never', 0],
    ['kdump-unpatched.txt', 'note', 0],
  ])('%s, %s: %i', async (file, severity, status) => {
    expect((await log(file, '--fail-on', severity)).status).toBe(status);
  });

  test('lost events are a warning', async () => {
    const file = folder.write('lost.txt', 'arm-smmu-v3 a.iommu: EVTQ overflow detected -- events lost\n');
    const runs = ['error', 'warning', 'note'].map((severity) => log(file, '--fail-on', severity));
    expect((await Promise.all(runs)).map(({ status }) => status)).toEqual([0, 1, 1]);
  });
});
