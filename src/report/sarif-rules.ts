/** The rules as a SARIF viewer lists them: what each means in general, whatever one finding of it says. */

import { RULES, type Rule } from '../findings/rules.ts';

/** By name, which is how results are sorted too. */
const NAMES = (Object.keys(RULES) as Rule[]).sort();

export const SARIF_RULES = NAMES.map((id) => {
  const { title, meaning, next } = RULES[id].explain();
  return {
    id,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: meaning },
    help: { text: ['Look at:', ...next.map((text) => `- ${text}`)].join('\n') },
    defaultConfiguration: { level: RULES[id].severity },
  };
});

/** The index of a rule in the list of the SARIF log. */
export function ruleIndex(rule: Rule): number {
  return NAMES.indexOf(rule);
}
