/** The shape of a finding: what all have, and the arguments of each rule. */

import type { Finding, Location } from '../../../findings/findings.ts';
import { ruleName } from '../../../findings/rules/vocabulary.ts';
import { RULES } from '../../../findings/rules.ts';
import {
  choice,
  count,
  define,
  derived,
  hex,
  mapped,
  matching,
  nullable,
  object,
  optional,
  type Shape,
  sid,
  text,
  words,
} from '../../../shape.ts';
import { busInWords } from '../../prose/findings.ts';

const severity = define('severity', 'Severity', choice('error', 'warning', 'note'));

const reach = define(
  'reach',
  'What is affected: the whole machine, the SMMU, the StreamIDs of a bus, or one device; null when nothing is lost by itself',
  nullable(choice('machine', 'smmu', 'bus', 'device')),
);

const location = object<Location>()({
  l1Index: ['Index of the L1 descriptor', optional(count)],
  firstSid: ['First StreamID concerned', optional(sid)],
  lastSid: ['Last StreamID concerned', optional(sid)],
  pciBus: [
    'The PCI bus, if the StreamIDs are PCI requester IDs',
    optional(mapped(matching(/^[0-9a-f]{2}$/), busInWords)),
  ],
  address: ['Physical address', optional(hex)],
});

type Args = Readonly<Record<string, unknown>>;

/** By rule. */
const ARGS = new Map<string, Shape<Args>>(
  Object.entries(RULES).map(([name, { args }]) => [
    name,
    define(`args-${name}`, `Arguments of ${name}`, object<Args>()(args as never)),
  ]),
);

const anyFinding = object<Finding>()({
  rule: ['', ruleName],
  severity: ['', severity],
  smmu: ['Name of the SMMU; null when it is about the dump or the snapshot as a whole', nullable(text)],
  location: ['Where; each key is there only when it applies', location],
  args: [
    'The arguments of the sentence; which ones depends on the rule',
    derived({ schema: () => ({ type: 'object' }), toJson: (value) => value }, ({ rule, args }) =>
      ARGS.get(rule)?.toJson(args as Args),
    ),
  ],
  message: ['The sentence, made from rule, location and args', words],
  kernelMessage: ['What the kernel prints for exactly this; null when it prints nothing', nullable(text)],
  reach: ["What is affected by the patches' own account", reach],
  likelyReach: ['What is affected on cores from about 6.15 on, when the device is there as the SMMU registers', reach],
});

const argsByRule = () =>
  [...ARGS].map(([name, { schema }]) => ({
    if: { required: ['rule'], properties: { rule: { const: name } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: { properties: { args: schema() } },
  }));

export const finding: Shape<Finding> = define('finding', 'Something found, as data, and the sentence that says it', {
  schema: () => ({ ...anyFinding.schema(), allOf: argsByRule() }),
  toJson: anyFinding.toJson,
});
