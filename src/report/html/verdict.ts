/** The answer, first and large: what the kdump kernel does with this SMMU, what decided it, and what follows. */

import { isUnknown } from '../../adopt/checks.ts';
import type { Finding } from '../../findings/findings.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { GRAVEST_FIRST } from '../findings.ts';
import { type Content, code, count, grouped, type Html, html } from './markup.ts';
import { badge, facts, NOTHING, sectionId, table } from './section.ts';
import { IN_FLIGHT, SEVERITIES, VERDICTS } from './words.ts';

export function verdict(smmu: SmmuReport, index: number, findings: readonly Finding[]): Html {
  const { adoption, name, base } = smmu;
  const { tone, sign } = VERDICTS[adoption.verdict];
  const id = sectionId(index, 'verdict');
  return html`
<section id="${id}" class="verdict ${endsBadly(smmu) ? 'bad' : tone}">
<h2 id="${id}-title"><span class="name">${name}</span> <small>${
    base !== null && html`at ${code(base)}, `
  }revision ${adoption.revision}</small></h2>
<p class="answer"><span class="sign" aria-hidden="true">${endsBadly(smmu) ? '\u2715' : sign}</span> ${answer(smmu)}</p>
${facts([
  decidedBy(smmu),
  ['Then', smmu.panic && html`${code(smmu.panic.where)} reads ${code(smmu.panic.address)}: ${smmu.panic.why}`],
  ['Then', smmu.lost?.why ?? null],
  ['In-flight DMA', inFlight(smmu)],
  ['Table', keptTable(smmu)],
  ['Devices', devices(smmu)],
  ['Revisions', split(smmu)],
  ['Captured log', log(smmu)],
  ['Findings', counts(findings)],
])}</section>
`;
}

/** All SMMUs in one table, for a machine that has several. */
export function overview(smmus: readonly SmmuReport[], findings: readonly Finding[]): Html {
  const rows = smmus.map((smmu, i) => ({
    tone: endsBadly(smmu) ? ('bad' as const) : VERDICTS[smmu.adoption.verdict].tone,
    cells: [
      html`<a href="#${sectionId(i, 'verdict')}">${smmu.name}</a>`,
      html`<strong>${answer(smmu)}</strong>`,
      smmu.adoption.checks.find(({ result }) => result === 'fail')?.id ?? NOTHING,
      counts(findings.filter((finding) => finding.smmu === smmu.name)),
    ],
  }));
  const columns = [{ title: 'SMMU' }, { title: 'Verdict' }, { title: 'Decided by' }, { title: 'Findings' }];
  return html`<section>${table('All SMMUs', columns, rows)}</section>`;
}

function answer({ adoption, panic, lost }: SmmuReport): Html {
  const { text } = VERDICTS[adoption.verdict];
  const errno = adoption.verdict === 'fallback' ? adoption.errno : null;
  const said = html`${text}${errno !== null && html` <span class="whole">(-${errno})</span>`}`;
  if (panic !== null && adoption.verdict !== 'panic') return html`${said}, then the kdump kernel dies`;
  return lost === null ? said : html`${said}, then the whole SMMU is lost`;
}

function endsBadly({ panic, lost }: SmmuReport): boolean {
  return panic !== null || lost !== null;
}

function decidedBy({ adoption }: SmmuReport): readonly [term: string, said: Content] {
  const failed = adoption.checks.find(({ result }) => result === 'fail');
  if (failed !== undefined) {
    return ['Decided by', html`${code(failed.id)}: ${failed.observed}; required: ${failed.required}`];
  }
  const missing = adoption.verdict === 'indeterminate' ? adoption.checks.find(isUnknown) : undefined;
  return ['Not known', missing === undefined ? null : html`${code(missing.id)}: ${missing.observed}`];
}

/** What meets the DMA of devices that nobody has stopped, in the end; the reset's section has every phase. */
function inFlight({ adoption, panic, lost }: SmmuReport): Content {
  if (lost !== null) return IN_FLIGHT[lost.inFlight].text;
  if (panic !== null) return null;
  if (adoption.verdict === 'adopted') return 'goes on translating';
  return adoption.verdict === 'fallback' ? "is aborted; the crashed kernel's table is replaced by an empty one" : null;
}

function keptTable({ adoption }: SmmuReport): Content {
  if (adoption.verdict !== 'adopted' || adoption.entries === null) return null;
  return adoption.format === '2lvl'
    ? `two-level, ${count(adoption.entries, 'L1 descriptor')}`
    : `linear, ${count(adoption.entries, 'STE')}`;
}

function devices({ devices: list }: SmmuReport): Content {
  if (list.length === 0) return null;
  const number = (pick: (device: (typeof list)[number]) => boolean) => list.filter(pick).length;
  const deferred = number(({ accepted, deferred }) => accepted === true && deferred === true);
  const others: [number, string][] = [
    [number(({ accepted, asked }) => accepted === false && asked !== false), 'refused'],
    [number(({ asked }) => asked === false), 'never asked'],
    [number(({ accepted }) => accepted === null), 'that cannot be told'],
  ];
  const accepted = grouped(number(({ accepted }) => accepted === true));
  return [
    `${accepted} accepted${deferred > 0 ? ` (${grouped(deferred)} with the attach deferred)` : ''}`,
    ...others.filter(([n]) => n > 0).map(([n, what]) => `, ${grouped(n)} ${what}`),
  ];
}

function split({ splits }: SmmuReport): Content {
  const [first] = splits ?? [];
  if (first === undefined) return splits === null ? null : 'all known ones do the same';
  return html`${first.revision} parts from ${first.from}${first.check !== null && html` at ${code(first.check)}`}: ${first.why}`;
}

function log({ dmesg }: SmmuReport): Content {
  if (dmesg === null) return null;
  const { file, agree, missing, extra, panic } = dmesg;
  const same = missing + extra === 0 && panic?.agrees !== false;
  const ending = panic === null ? '' : `, the end of the kernel ${panic.agrees ? 'too' : 'does not'}`;
  return same
    ? html`${code(file)} is as predicted: ${count(agree, 'line agrees', 'lines agree')}${ending}`
    : html`${code(file)} is ${badge('bad', 'not as predicted')}: ${count(agree, 'line agrees', 'lines agree')}, ${missing} missing, ${extra} extra${ending}`;
}

export function counts(findings: readonly Finding[]): Content {
  const parts = GRAVEST_FIRST.flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    const { tone, text } = SEVERITIES[severity];
    return number === 0 ? [] : [badge(tone, count(number, text)), ' '];
  });
  return parts.length === 0 ? 'none' : parts;
}
