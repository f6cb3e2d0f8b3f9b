/** The answer, first and large: what the kdump kernel does with this SMMU, what decided it, and what follows. */

import { failed, isUnknown } from '../../adopt/checks.ts';
import { findingsOf } from '../../findings/by-smmu.ts';
import type { Finding } from '../../findings/findings.ts';
import { observedOrUnknown, requiredInWords } from '../../findings/prose/evidence.ts';
import { deathInWords } from '../../findings/prose/memory.ts';
import { splitInWords } from '../../findings/prose/split.ts';
import { doubtInWords } from '../../findings/rules/words.ts';
import { hex } from '../../hex.ts';
import type { SmmuReport } from '../../inspect/inspection.ts';
import { GRAVEST_FIRST } from '../findings.ts';
import { deviceCountsInWords, fateInWords, fateTone } from '../prose/fate.ts';
import { comparisonInWords } from '../prose/log-comparison.ts';
import { lossInWords } from '../prose/loss.ts';
import { type Content, code, count, grouped, type Html, html } from './markup.ts';
import { badge, facts, NOTHING, sectionId, table } from './section.ts';
import { IN_FLIGHT, SEVERITIES, SIGNS } from './words.ts';

export function verdict(smmu: SmmuReport, index: number, findings: readonly Finding[]): Html {
  const { adoption, name, base } = smmu;
  const tone = fateTone(fateInWords(smmu));
  const id = sectionId(index, 'verdict');
  return html`
<section id="${id}" class="verdict ${tone}">
<h2 id="${id}-title"><span class="name">${name}</span> <small>${
    base !== null && html`at ${code(hex(base))}, `
  }revision ${adoption.revision}</small></h2>
<p class="answer"><span class="sign" aria-hidden="true">${SIGNS[tone]}</span> ${answer(smmu)}</p>
${facts([
  decidedBy(smmu),
  [
    'Then',
    smmu.panic &&
      html`${code(smmu.panic.where)} reads ${code(hex(smmu.panic.address))}: ${deathInWords(smmu.panic.why)}`,
  ],
  ['Then', smmu.lost && lossInWords(smmu.lost)],
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
    tone: fateTone(fateInWords(smmu)),
    cells: [
      html`<a href="#${sectionId(i, 'verdict')}">${smmu.name}</a>`,
      html`<strong>${answer(smmu)}</strong>`,
      failed(smmu.adoption.decidedBy)?.id ?? NOTHING,
      counts(findingsOf(findings, smmu.name)),
    ],
  }));
  const columns = [{ title: 'SMMU' }, { title: 'Verdict' }, { title: 'Decided by' }, { title: 'Findings' }];
  return html`<section>${table('All SMMUs', columns, rows)}</section>`;
}

function answer(smmu: SmmuReport): Html {
  const { adoption, errno, next, assuming } = fateInWords(smmu);
  const said = html`${adoption.text}${errno !== null && html` <span class="whole">(-${errno})</span>`}`;
  return html`${said}${next !== null && html`, ${next.text}`}${assuming !== null && html`, assuming ${assuming}`}`;
}

function decidedBy({ adoption, dmesg }: SmmuReport): readonly [term: string, said: Content] {
  const { decidedBy, doubt } = adoption;
  if (doubt !== null) return ['Registers', doubtInWords(doubt)];
  if (decidedBy === null) return ['Decided by', null];
  const { id, observed, required } = decidedBy;
  if (isUnknown(decidedBy)) {
    const settled = adoption.settledByLog && html`; ${code(dmesg?.file ?? 'the log')} tells what comes of it`;
    return ['Not known', html`${code(id)}: ${observedOrUnknown(observed)}${settled}`];
  }
  return ['Decided by', html`${code(id)}: ${observedOrUnknown(observed)}; required: ${requiredInWords(required)}`];
}

/** What meets the DMA of devices that nobody has stopped, in the end; the reset's section has every phase. */
function inFlight({ fate, lost }: SmmuReport): Content {
  if (lost !== null) return IN_FLIGHT[lost.inFlight].text;
  if (fate.kind === 'adopted') return 'goes on translating';
  return fate.kind === 'falls-back' ? "is aborted; the crashed kernel's table is replaced by an empty one" : null;
}

function keptTable({ adoption }: SmmuReport): Content {
  if (adoption.verdict !== 'adopted' || adoption.entries === null) return null;
  return adoption.format === '2lvl'
    ? `two-level, ${count(adoption.entries, 'L1 descriptor')}`
    : `linear, ${count(adoption.entries, 'STE')}`;
}

function devices({ devices: list }: SmmuReport): Content {
  return list.length === 0 ? null : deviceCountsInWords(list, grouped);
}

function split({ splits }: SmmuReport): Content {
  const [first] = splits ?? [];
  if (first === undefined) return splits === null ? null : 'all known ones do the same';
  return html`${first.revision} parts from ${first.from}${first.check !== null && html` at ${code(first.check)}`}: ${splitInWords(first.why)}`;
}

function log(smmu: SmmuReport): Content {
  const compared = comparisonInWords(smmu);
  if (compared === null) return null;
  const judged = {
    'as predicted': ' is as predicted',
    'not as predicted': html` is ${badge('bad', 'not as predicted')}`,
    open: '',
  }[compared.how];
  return html`${code(smmu.dmesg?.file ?? '')}${judged}: ${compared.rest}`;
}

export function counts(findings: readonly Finding[]): Content {
  const parts = GRAVEST_FIRST.flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    const { tone, text } = SEVERITIES[severity];
    return number === 0 ? [] : [badge(tone, count(number, text)), ' '];
  });
  return parts.length === 0 ? 'none' : parts;
}
