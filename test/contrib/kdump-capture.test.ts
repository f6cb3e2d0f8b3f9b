/** The capture of contrib/kdump in made roots: what it saves, and that nothing makes it fail, wait or overwrite. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CONTROL_REGISTERS } from '../../src/smmu/registers/control-registers.ts';
import { ID_REGISTERS } from '../../src/smmu/registers/id-registers.ts';
import { QUEUE_REGISTERS } from '../../src/smmu/registers/queue-registers.ts';
import { run } from '../support/command.ts';
import { KdumpRoot, type MadeSmmu, type Shell, whereIs, whySkipped } from '../support/outside/kdump-root.ts';
import { someOf } from '../support/slow.ts';

const SAMPLE = fileURLToPath(new URL('../../samples/real-qemu', import.meta.url));
const skipped = whySkipped('busybox');

/** Each register by the names that halves have in a snapshot. */
const OFFSETS = Object.fromEntries(
  [...ID_REGISTERS, ...CONTROL_REGISTERS, ...QUEUE_REGISTERS].flatMap(({ name, offset, byteLength }) =>
    byteLength === 8
      ? [
          [`${name}_LO`, offset],
          [`${name}_HI`, offset + 4],
        ]
      : [[name, offset]],
  ),
);

/** The SMMU of a sample, so that its dump can be inspected with what was captured. */
const SMMU: MadeSmmu = {
  name: '9050000.smmuv3',
  base: 0x9050000,
  registers: Object.fromEntries(
    Object.entries<string>(JSON.parse(readFileSync(`${SAMPLE}/regs.json`, 'utf8')).smmus[0].registers).flatMap(
      ([name, value]) => {
        const digits = value.slice(2);
        if (digits.length <= 8) return [[name, value]];
        return [
          [`${name}_LO`, `0x${digits.slice(-8)}`],
          [`${name}_HI`, `0x${digits.slice(0, -8)}`],
        ];
      },
    ),
  ),
};

const SECOND: MadeSmmu = { ...SMMU, name: '9090000.smmuv3', base: 0x9090000 };

/** The crashed kernel's, as it was kept when it ran. */
const IOMEM = `09050000-09050dff : 9050000.smmuv3
40000000-5fffffff : System RAM
  50400000-5a3fffff : Crash kernel
`;

/** Without timeout(1): each read has one more process with it, and a limit that a busy machine may get to. */
function madeRoot(...smmus: readonly MadeSmmu[]): KdumpRoot {
  const root = rootOf('busybox', ...smmus);
  root.remove('bin/timeout');
  return root;
}

function rootOf(shell: Shell, ...smmus: readonly MadeSmmu[]): KdumpRoot {
  const root = new KdumpRoot(shell);
  root.answer(smmus.length === 0 ? [SMMU] : smmus, OFFSETS);
  return root;
}

/** Runs it, and holds what always has to be: the status is 0. */
function capture(root: KdumpRoot, command: string, env: Readonly<Record<string, string>> = {}) {
  const { stdout, stderr, status } = root.run(command, env);
  expect({ status }, stderr).toEqual({ status: 0 });
  return { stdout, stderr };
}

const snapshotIn = (root: KdumpRoot, folder: string) => JSON.parse(root.read(`${folder}/regs.json`));

describe.each(someOf<Shell>(['busybox', 'dash'], 2))('with %s', (shell) => {
  const missing = whySkipped(shell);
  test.skipIf(missing !== '')(`a module that is not loaded yet: the crashed kernel's registers${missing}`, () => {
    const root = rootOf(shell);
    root.file('sys/firmware/fdt', '\xd0\r\xfe\xed');
    root.file('var/lib/smmu-capture/iomem.txt', IOMEM);
    capture(root, 'early');
    const { reads } = root;
    root.driver(SMMU.name);
    const folder = root.crash();
    capture(root, 'dumped');
    expect(root.reads, 'what was read first is kept').toBe(reads);
    expect(root.list(folder)).toEqual([
      'dmesg-kdump.txt',
      'dtb',
      'iomem.txt',
      'regs.json',
      'smmu-capture.log',
      'vmcore',
    ]);
    expect(root.read(`${folder}/vmcore`)).toBe('KDUMP');
    expect(root.read(`${folder}/iomem.txt`)).toBe(IOMEM);
    const { smmus, ...rest } = snapshotIn(root, folder);
    expect(rest).toEqual({
      version: 1,
      source: 'smmu-adopt kdump capture: read before the driver of the kdump kernel probed',
      captured: 'before-kdump-probe',
      kdump: { systemRam: [{ start: '0x50400000', end: '0x5a3fffff' }] },
    });
    expect(smmus).toMatchObject([{ name: SMMU.name, base: '0x9050000', registers: SMMU.registers }]);
  });

  test.skipIf(missing !== '')(`several SMMUs, in one snapshot${missing}`, () => {
    const root = rootOf(shell, SMMU, SECOND);
    const folder = root.crash();
    capture(root, 'dumped');
    expect(snapshotIn(root, folder).smmus).toMatchObject([
      { name: SMMU.name, base: '0x9050000', registers: SMMU.registers },
      { name: SECOND.name, base: '0x9090000', registers: SECOND.registers },
    ]);
  });

  test.skipIf(missing !== '')(`an SMMU that hangs: those before it are kept${missing}`, () => {
    const root = rootOf(shell, SMMU, SECOND);
    // The limit counts from when the first is saved, however slow the machine is: until then a tick does not end.
    const [saved, sleep] = [root.at('run/smmu-capture/regs.json'), whereIs('sleep')];
    root.command(
      'sleep',
      `tries=0\nwhile [ ! -e '${saved}' ] && [ $tries -lt 300 ]; do tries=$((tries + 1)); ${sleep} 0.1; done\nexec ${sleep} "$1"`,
    );
    root.answer([SMMU, SECOND], OFFSETS, `case $1 in 0x909*) ${root.hanging} ;; esac`);
    root.remove('bin/timeout');
    const folder = root.crash();
    capture(root, 'dumped', { SMMU_CAPTURE_READ_SECONDS: '1' });
    expect(snapshotIn(root, folder).smmus).toMatchObject([{ name: SMMU.name, registers: SMMU.registers }]);
    expect(root.read(`${folder}/smmu-capture.log`)).toContain(
      'reading the registers took longer than 1 s; the snapshot has the SMMUs that were read by then\n',
    );
  });
});

describe.skipIf(skipped !== '')(`what is captured${skipped}`, () => {
  test('is validated, and inspected to the same end as what the monitor read', async () => {
    const root = madeRoot();
    const folder = root.crash();
    capture(root, 'early');
    capture(root, 'dumped');
    const regs = root.at(`${folder}/regs.json`);
    expect(await run(['regs', 'validate', regs])).toMatchObject({ stderr: '', status: 0 });
    const inspected = async (file: string) => {
      const { stdout } = await run(['inspect', 'dump.elf', '--regs', file, '--format', 'json'], { cwd: SAMPLE });
      const { smmus } = JSON.parse(stdout);
      const [{ name, base, adoption, census }] = smmus;
      return { name, base, adoption, census };
    };
    expect(await inspected(regs)).toEqual(await inspected('regs.json'));
  });

  test('a driver that is built in: read when the vmcore is saved, and said', () => {
    const root = madeRoot();
    root.driver(SMMU.name);
    capture(root, 'early');
    expect(root.reads).toBe(0);
    const folder = root.crash();
    capture(root, 'dumped');
    const { captured, source } = snapshotIn(root, folder);
    expect({ captured, source }).toEqual({
      captured: 'after-kdump-probe',
      source:
        'smmu-adopt kdump capture: read after the driver of the kdump kernel probed: it is built in, and nothing runs ' +
        'before it',
    });
  });

  test.each(
    someOf<[string, (root: KdumpRoot) => void, string, string]>(
      [
        [
          'a module that was loaded too soon',
          (root) => {
            root.driver(SMMU.name);
            root.file('proc/modules', 'arm_smmu_v3 65536 1 - Live 0x0\n');
          },
          'after-kdump-probe',
          'its module was loaded before this could run',
        ],
        ['a driver without an SMMU', (root) => root.driver(), 'unknown', 'its probe failed, or was to come'],
        [
          'a driver that comes meanwhile',
          (root) => root.answer([SMMU], OFFSETS, `mkdir -p '${root.at('sys/bus/platform/drivers/arm-smmu-v3')}'`),
          'unknown',
          'read while the driver of the kdump kernel probed',
        ],
      ],
      3,
    ),
  )('%s is told', (_, change, captured, source) => {
    const root = madeRoot();
    change(root);
    const folder = root.crash();
    capture(root, 'dumped');
    expect(snapshotIn(root, folder)).toMatchObject({ captured, source: expect.stringContaining(source) });
  });

  test('an SMMU of the IORT is where /proc/iomem says', () => {
    const root = madeRoot();
    root.file('sys/bus/platform/devices/9050000.smmuv3/uevent', 'DRIVER=serial\n');
    root.file('sys/bus/platform/devices/arm-smmu-v3.0.auto/uevent', 'MODALIAS=platform:arm-smmu-v3\n');
    root.file('sys/bus/platform/devices/arm-smmu-v3-pmcg.1.auto/uevent', 'MODALIAS=platform:arm-smmu-v3-pmcg\n');
    const claimed = '09050000-0906ffff : arm-smmu-v3.0.auto\n  09050000-09050dff : arm-smmu-v3.0.auto\n';
    root.file('proc/iomem', `09050e00-09050fff : arm-smmu-v3.10.auto\n${claimed}50400000-5a3fffff : System RAM\n`);
    root.file('sys/firmware/acpi/tables/IORT', 'IORT of the machine');
    root.file('sys/firmware/fdt', 'a stub');
    const folder = root.crash();
    capture(root, 'dumped');
    expect(snapshotIn(root, folder).smmus).toMatchObject([{ name: 'arm-smmu-v3.0.auto', base: '0x9050000' }]);
    expect(root.read(`${folder}/iort.bin`)).toBe('IORT of the machine');
    expect(root.list(folder)).not.toContain('dtb');
  });

  test.each(
    someOf<[string, (root: KdumpRoot, device: string) => void, string]>(
      [
        ['is suspended', (root, device) => root.file(`${device}/power/runtime_status`, 'suspended\n'), 'its power is'],
        [
          'is in a power domain that is off',
          (root, device) => root.file(`${device}/of_node/power-domains`, 'x'),
          'power',
        ],
        [
          'answers with ones',
          (root) => root.answer([SMMU, { ...SECOND, registers: { IDR0: '0xFFFFFFFF' } }], OFFSETS),
          'nothing answers at 0x9090000',
        ],
        [
          'cannot be read',
          (root) => root.answer([SMMU, SECOND], OFFSETS, 'case $1 in 0x9090088) echo no >&2; exit 1 ;; esac'),
          '0x9090088 cannot be read',
        ],
      ],
      4,
    ),
  )('an SMMU that %s is left out and named, and the other one is read', (_, change, said) => {
    const root = madeRoot(SMMU, SECOND);
    change(root, `sys/bus/platform/devices/${SECOND.name}`);
    const folder = root.crash();
    capture(root, 'dumped');
    expect(snapshotIn(root, folder).smmus.map(({ name }: MadeSmmu) => name)).toEqual([SMMU.name]);
    expect(root.read(`${folder}/smmu-capture.log`)).toMatch(new RegExp(`^${SECOND.name}: .*${said}.*; not read$`, 'm'));
  });

  test('force reads what may have no power, too', () => {
    const root = madeRoot();
    root.file(`sys/bus/platform/devices/${SMMU.name}/power/runtime_status`, 'suspended\n');
    root.file('proc/cmdline', 'quiet smmu_capture=force nr_cpus=1\n');
    capture(root, 'early');
    expect(root.list('run/smmu-capture')).toContain('regs.json');
  });

  const MODES = [
    ['on the command line', 'proc/cmdline', 'quiet smmu_capture=MODE nr_cpus=1\n'],
    ['in the configuration', 'etc/smmu-capture.conf', '# of this machine\nmode=MODE\n'],
  ].flatMap(([where = '', file = '', text = '']) =>
    ['off', 'files', '$(reboot)'].map((mode) => [where, mode, file, text.replace('MODE', mode)] as const),
  );

  // The first and the last are of either place, and of either outcome.
  test.each(someOf(MODES, 5))('it can be turned off, or to files alone, %s: %s', (_, mode, file, text) => {
    const root = madeRoot();
    root.file(file, text);
    const folder = root.crash();
    capture(root, 'early');
    capture(root, 'dumped');
    expect(root.reads).toBe(0);
    expect(root.list(folder)).toEqual([...(mode === 'off' ? [] : ['dmesg-kdump.txt', 'smmu-capture.log']), 'vmcore']);
  });

  test("a copy of /proc/iomem from another boot, and the kdump kernel's own, are not taken for the crashed kernel's", () => {
    const root = madeRoot();
    root.file('var/lib/smmu-capture/iomem.txt', IOMEM.replace('50400000-5a3fffff', '51400000-5b3fffff'));
    const folder = root.crash();
    capture(root, 'dumped');
    expect(root.list(folder)).not.toContain('iomem.txt');
    const log = root.read(`${folder}/smmu-capture.log`);
    expect(log).toContain('is of a boot with another crashkernel reservation; not saved\n');
    expect(log).toContain("kdump kernel's /proc/iomem: 50400000-5a3fffff : System RAM\n");
  });
});

describe.skipIf(skipped !== '')(`what can go wrong${skipped}`, () => {
  test.each(
    someOf<[string, (root: KdumpRoot) => void, string]>(
      [
        ['there is no devmem', (root) => root.remove('bin/devmem'), 'there is no devmem here; no register is read\n'],
        ['there is no SMMU', (root) => root.remove('sys'), 'no SMMUv3 is known to this kernel\n'],
        ['there is no /proc/iomem', (root) => root.remove('proc/iomem'), 'registers: read before'],
        [
          'the kernel denies what a driver has claimed',
          (root) => {
            root.devmem('echo "devmem: mmap: Operation not permitted" >&2; exit 1');
            root.driver(SMMU.name);
          },
          'the kernel may deny it to devmem: see iomem=relaxed\ndevmem: devmem: mmap: Operation not permitted\n',
        ],
        [
          'devmem answers something else',
          (root) => root.devmem('echo "Value at address $1: 0x0"'),
          '9050000.smmuv3: 0x9050000 cannot be read; not read\n',
        ],
        [
          'a register that is needed fails in the end',
          (root) =>
            root.answer(
              [SMMU],
              OFFSETS,
              `[ "$1" != 0x9050088 ] || [ ! -e '${root.at('run/smmu-capture/registers')}' ] || exit 1`,
            ),
          'a register that is needed could not be read; there is no snapshot\n',
        ],
      ],
      5,
    ),
  )('%s: said, and the rest is saved', (_, change, said) => {
    const root = madeRoot();
    change(root);
    const folder = root.crash();
    capture(root, 'early');
    capture(root, 'dumped');
    expect(root.read(`${folder}/smmu-capture.log`)).toContain(said);
    expect(root.list(folder)).toContain('dmesg-kdump.txt');
    expect(root.list(folder).includes('regs.json')).toBe(said.startsWith('registers'));
  });

  test('a devmem that hangs is left behind when the time is over', () => {
    const root = madeRoot();
    root.devmem(root.hanging);
    const folder = root.crash();
    capture(root, 'dumped', { SMMU_CAPTURE_READ_SECONDS: '1' });
    expect(root.list(folder)).toEqual(['dmesg-kdump.txt', 'smmu-capture.log', 'vmcore']);
    expect(root.read(`${folder}/smmu-capture.log`)).toContain(
      'reading the registers took longer than 1 s; there is no snapshot\n',
    );
  });

  test('a target that hangs is left behind, too', () => {
    const root = madeRoot();
    root.command('sync', root.hanging);
    root.crash();
    const { stderr } = capture(root, 'dumped', { SMMU_CAPTURE_SAVE_SECONDS: '1' });
    expect(stderr).toContain('took longer than 1 s');
  });

  test.each(
    someOf(
      [
        ['and nobody tells', ''],
        ['and the copying fails', 'exec'],
      ],
      2,
    ),
  )('a full disk, %s: nothing half-written stays', (_, exec) => {
    const root = madeRoot();
    const folder = root.crash();
    // In files, no room for even one block; pipes have room.
    root.command(
      'head',
      `ulimit -f 0\n${exec} '${root.at('bin/cat')}' "$3" 2>/dev/null || ${exec === '' ? ':' : 'exit 1'}`,
    );
    const { stderr } = capture(root, 'dumped');
    for (const name of ['regs.json', 'smmu-capture.log'])
      expect(stderr).toContain(`smmu-capture: ${name} could not be saved\n`);
    expect(root.list(folder)).toEqual(['vmcore']);
  });

  test('a folder that cannot be written', () => {
    const root = madeRoot();
    const folder = root.crash();
    root.folder(`${folder}/.smmu-capture.part`);
    const { stderr } = capture(root, 'dumped');
    for (const name of ['regs.json', 'dmesg-kdump.txt', 'smmu-capture.log'])
      expect(stderr).toContain(`${name} could not be saved\n`);
    expect(root.list(folder)).toEqual(['.smmu-capture.part', 'vmcore']);
  });

  test('what is there is not overwritten, and what is too long is not saved', () => {
    const root = madeRoot();
    const folder = root.crash();
    root.file(`${folder}/regs.json`, 'of another hand');
    root.file('sys/firmware/fdt', 'x'.repeat((1 << 22) + 1));
    capture(root, 'dumped');
    expect(root.read(`${folder}/regs.json`)).toBe('of another hand');
    expect(root.list(folder)).not.toContain('dtb');
    const log = root.read(`${folder}/smmu-capture.log`);
    expect(log).toContain('regs.json is there already; left as it is\n');
    expect(log).toContain('dtb cannot be read, or is longer than 4194304 bytes; not saved\n');
  });

  test('where the vmcore may be saved yet, no register is read before', () => {
    const root = madeRoot();
    root.driver(SMMU.name);
    const folder = root.crash();
    root.file('etc/kdump.conf', 'path /var/crash\nfailure_action dump_to_rootfs # then reboot\n');
    capture(root, 'dumped 1');
    expect(root.reads).toBe(0);
    expect(root.list(folder)).not.toContain('regs.json');
    expect(root.read(`${folder}/smmu-capture.log`)).toContain(
      'failure_action is dump_to_rootfs; no register is read\n',
    );
    root.file('etc/kdump.conf', 'path /var/crash\nfailure_action reboot\n');
    capture(root, 'dumped 1');
    expect(root.list(folder)).toContain('regs.json');
  });

  test('what is missing is said, and why', () => {
    const root = madeRoot();
    root.remove('proc/iomem');
    root.command('dmesg', 'exit 1');
    const folder = root.crash();
    capture(root, 'dumped');
    expect(root.list(folder)).toEqual(['regs.json', 'smmu-capture.log', 'vmcore']);
    const log = root.read(`${folder}/smmu-capture.log`);
    for (const said of ['dmesg-kdump.txt: /run/smmu-capture/dmesg is', 'dtb: /sys/firmware/fdt is'])
      expect(log).toContain(`${said} not there, or empty; not saved\n`);
    expect(log).toContain("iomem.txt: there is no copy of the crashed kernel's /proc/iomem; not saved\n");
    expect(log).toContain("the kdump kernel's /proc/iomem cannot be read\n");
  });

  test('what kdumpctl test saves, too', () => {
    const root = madeRoot();
    root.file('proc/cmdline', 'root=/dev/vda1 kdump_test_id=1764417600 ro\n');
    const folder = root.crash('kdump-test-1764417600');
    capture(root, 'dumped');
    expect(root.list(folder)).toContain('regs.json');
  });

  test('without a folder, the registers go to the journal, and come back from there', async () => {
    const root = madeRoot();
    root.file('etc/kdump.conf', 'raw /dev/vdb\n');
    const { stdout, stderr } = capture(root, 'dumped');
    expect(JSON.parse(stdout)).toMatchObject({ captured: 'before-kdump-probe', smmus: [{ name: SMMU.name }] });
    expect(stderr).toContain('kdump saves to raw, where nothing can be put beside the vmcore\n');
    const journal = stdout.replace(/^(?=.)/gm, 'Nov 29 12:00:01 localhost kdump.sh[512]: ');
    const log = root.file('kexec-dmesg.log', `[    0.000000] Booting Linux\n${journal}`);
    const imported = await run(['regs', 'import', root.at(log), '--base', '0x9050000']);
    expect(JSON.parse(imported.stdout).smmus).toMatchObject([
      { registers: { IDR0: '0x0d40101a', STRTAB_BASE: '0x40000000430a3000', STRTAB_BASE_CFG: '0x00010210' } },
    ]);
  });

  test.each(someOf(['early', 'dumped', 'kdump-tools', 'no-command', ''], 2))(
    'a state that cannot be kept: %j',
    (command) => {
      const root = madeRoot();
      root.remove('run');
      root.file('run', 'no folder');
      root.crash();
      capture(root, command);
      expect(root.reads).toBe(0);
    },
  );

  test('outside of a kdump kernel no register is read', () => {
    const root = madeRoot();
    root.remove('proc/vmcore');
    for (const command of ['early', 'dumped', 'kdump-tools']) capture(root, command);
    expect({ reads: root.reads, run: root.list('run') }).toEqual({ reads: 0, run: [] });
  });

  test('names, addresses and modes run nothing', () => {
    const root = madeRoot();
    for (const name of ['$(touch pwned)', '9060000.`touch pwned`', '9060000."; touch pwned; "', '-n', '9060000.a b'])
      root.deviceTreeSmmu(name);
    root.file('proc/cmdline', 'smmu_capture=$(touch pwned) * ; touch pwned\n');
    root.file('etc/smmu-capture.conf', 'touch pwned\nmode=on; touch pwned\n');
    root.file('etc/kdump.conf', 'path /var/crash; touch pwned\n$(touch pwned)\n');
    capture(root, 'dumped');
    root.file('proc/cmdline', '\n');
    root.file('etc/smmu-capture.conf', 'mode=force\n');
    root.remove('run/smmu-capture');
    const { stdout } = capture(root, 'dumped');
    expect(JSON.parse(stdout).smmus.map(({ name }: MadeSmmu) => name)).toEqual([SMMU.name]);
    expect(root.list('.')).not.toContain('pwned');
  });
});

describe.skipIf(skipped !== '')(`where the vmcore is${skipped}`, () => {
  test('kdump-utils: the newest folder of this boot and this machine, below any mount point', () => {
    const root = madeRoot();
    root.file('etc/kdump.conf', 'nfs server:/export\npath /dumps/\n');
    root.file('proc/mounts', 'proc /proc proc rw 0 0\nserver:/export /kdumproot/mnt nfs4 rw 0 0\n');
    const folders = [
      '192.0.2.7-2026-11-29-11:59:59',
      '192.0.2.7-2026-11-29-12:00:21',
      '192.0.2.70-2026-11-29-12:00:25',
      '198.51.100.1-2026-11-29-12:00:30',
      'notes-2026-11-29-12:00:40',
    ].map((name) => root.folder(`kdumproot/mnt/dumps/${name}`));
    for (const folder of folders.slice(0, 4)) root.file(`${folder}/vmcore-incomplete`, '');
    capture(root, 'dumped');
    expect(folders.filter((folder) => root.list(folder).includes('regs.json'))).toEqual([
      'kdumproot/mnt/dumps/192.0.2.7-2026-11-29-12:00:21',
    ]);
  });

  test.each(
    someOf<[string, Record<string, string>, string]>(
      [
        ['kdump-tools', {}, 'var/crash/202611291200'],
        ['kdump-tools, another folder', { KDUMP_COREDIR: '/srv/dumps' }, 'srv/dumps/202611291201'],
        ['kdump-tools on NFS', { NFS: 'server:/export', SSH: 'x@y' }, 'var/crash/192.0.2.7-202611291203'],
        ['kdump-tools on NFS by name', { NFS: 'server:/export' }, 'var/crash/crashed-202611291203'],
        ['kdump-tools by SSH: one folder of this machine', { SSH: 'x@y' }, 'var/crash/smmu-capture'],
      ],
      4,
    ),
  )('%s', (_, env, folder) => {
    const root = madeRoot();
    root.driver(SMMU.name);
    for (const other of ['202611291159', 'other-202611291205', '198.51.100.1-202611291205'])
      root.folder(`${folder.slice(0, folder.lastIndexOf('/'))}/${other}`);
    root.folder(folder);
    root.file('var/crash/smmu-capture/regs.json', 'of the crash before');
    capture(root, 'kdump-tools', env);
    expect(root.list(folder)).toEqual(['dmesg-kdump.txt', 'regs.json', 'smmu-capture.log']);
    expect(snapshotIn(root, folder).captured).toBe('after-kdump-probe');
  });

  test('kdump-tools: no folder comes', () => {
    const root = madeRoot();
    root.folder('var/crash/202611291159');
    const { stderr } = capture(root, 'kdump-tools', { SMMU_CAPTURE_WAIT_SECONDS: '1' });
    expect(stderr).toMatch(/no folder of this vmcore came below \S+\/var\/crash; nothing is saved\n/);
    expect(root.list('var/crash/202611291159')).toEqual([]);
  });

  test('kdump-tools: the ordinary system keeps its /proc/iomem for the day', () => {
    const root = madeRoot();
    root.remove('proc/vmcore');
    root.file('proc/iomem', IOMEM);
    capture(root, 'kdump-tools');
    expect(root.list('var/lib/smmu-capture')).toEqual(['iomem.txt']);
    expect(root.read('var/lib/smmu-capture/iomem.txt')).toBe(IOMEM);
  });
});
