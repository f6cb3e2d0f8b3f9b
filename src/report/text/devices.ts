/** The devices of the kdump kernel: their insertion, whether their attach waits, and what becomes of RMR entries. */

import { DEFERRAL_ENDS } from '../../adopt/deferral.ts';
import { hex } from '../../hex.ts';
import type { InsertReport, SmmuReport } from '../../inspect/inspection.ts';
import { deviceNames } from './firmware.ts';
import { INDENT, paragraph, type Style, title } from './style.ts';
import { NOTHING, redIf, table } from './table.ts';

export function insertions(style: Style, smmu: SmmuReport): string[] {
  const { inserts, devices } = smmu;
  if (inserts.length === 0) return [];
  const nameOf = deviceNames(smmu);
  const rows = inserts.map((insert) => [
    hex(insert.sid),
    (insert.device ?? nameOf(insert.sid) ?? NOTHING) + (insert.hotplugged ? ' (hotplug)' : ''),
    result(insert),
    mapped(insert),
    attach(insert, devices),
    [...new Set(insert.log.map(({ text }) => text))].join('; ') || NOTHING,
  ]);
  const columns = [
    { title: 'SID', align: 'right' as const },
    { title: 'Device', yields: 'wrap' as const },
    { title: 'Result', paint: redIf((text) => text.startsWith('-')) },
    { title: 'L2 table mapped' },
    { title: 'Attach' },
    { title: 'Kernel log', yields: 'wrap' as const },
  ];
  const named = rows.some(([, device]) => device !== NOTHING);
  const shown = named ? columns : columns.filter(({ title: name }) => name !== 'Device');
  const lines = [
    ...title(style, 'Insertions', 'arm_smmu_insert_master'),
    ...table(style, shown, named ? rows : rows.map((row) => row.filter((_, i) => i !== 1))),
  ];
  if (inserts.some(({ asked }) => asked === false)) {
    lines.push(
      ...paragraph(style, INDENT, 'not asked: the kernel never comes to it; the result is what it would be alone'),
    );
  }
  if (inserts.some(({ deferred }) => deferred === true)) {
    lines.push(...paragraph(style, INDENT, `a deferral ends with ${DEFERRAL_ENDS.join('; or ')}`));
  }
  return lines;
}

function mapped({ mappings, fresh }: InsertReport): string {
  const last = mappings.at(-1);
  return last !== undefined ? hex(last.address) : fresh ? 'fresh, all abort' : NOTHING;
}

function result({ ret, errno, asked }: InsertReport): string {
  const said = ret === null ? 'unknown' : errno === null ? String(ret) : `-${errno}`;
  return asked === false ? `not asked (${said})` : said;
}

/** Deferral is the device's: with several streams, the one that decides is named. */
function attach({ deferred, sid }: InsertReport, devices: SmmuReport['devices']): string {
  if (deferred === null) return NOTHING;
  if (!deferred) return 'at once';
  const device = devices.find(({ sids, deferredBy }) => sids.includes(sid) && deferredBy !== null);
  const several = device !== undefined && device.sids.length > 1;
  return several ? `deferred by ${hex(device.deferredBy ?? sid)}` : 'deferred';
}

export function rmr(style: Style, smmu: SmmuReport): string[] {
  const { rmr: entries } = smmu;
  if (entries.length === 0) return [];
  const nameOf = deviceNames(smmu);
  const named = entries.some(({ sid }) => nameOf(sid) !== null);
  const rows = entries.map(({ sid, kept, config, valid }) => [
    hex(sid),
    ...(named ? [nameOf(sid) ?? NOTHING] : []),
    config === null ? 'not known' : `${config}${valid ? '' : ', V=0'}`,
    kept === null ? 'cannot be told' : kept ? 'kept as it is' : 'replaced by a bypass STE in the new table',
  ]);
  const columns = [
    { title: 'SID', align: 'right' as const },
    ...(named ? [{ title: 'Device', yields: 'wrap' as const }] : []),
    { title: 'STE found' },
    { title: 'What becomes of it' },
  ];
  return [...title(style, 'Reserved memory regions of firmware'), ...table(style, columns, rows)];
}
