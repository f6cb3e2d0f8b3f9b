/** The names that can be explained, without the explanations: what a shell completes. */

import { CHECK_ORDER } from '../../adopt/checks.ts';
import { COMMAND_ERRORS } from '../../smmu/queues/commands.ts';
import { EVENT_TYPES } from '../../smmu/queues/events.ts';
import { registerNamed } from '../../smmu/registers/registers.ts';
import { SCAN_RULES } from '../prose/scan.ts';
import { RULES } from '../rules.ts';

/** Messages of the driver that are neither an event nor an error with a name of its own. */
export const MESSAGE_NAMES = [
  'cmd-sync-timeout',
  'command-skipped',
  'event-overflow',
  'messages-suppressed',
  'page-request-overflow',
  'page-request',
  'driver-start',
  'sid-coverage',
  'firmware-override',
  'interrupt-trouble',
  'driver-limits',
  'found-enabled',
  'reset-failure',
  'retaining-smmuen',
  'not-registered',
  'no-translation',
  'queue-not-allocated',
  'device-table-not-allocated',
  'default-domains',
  'device-without-domain',
  'direct-mapping-required',
  'device-feature-not-enabled',
  'vcmdq-error',
] as const;

/** What is no name in a report, and asked for all the same. */
export const TOPIC_NAMES = ['revisions'] as const;

export const EXPLAINED_NAMES: readonly string[] = [
  ...new Set([
    ...Object.keys(RULES),
    ...CHECK_ORDER,
    ...Object.keys(SCAN_RULES),
    ...EVENT_TYPES.map(({ name }) => name),
    ...COMMAND_ERRORS,
    ...(registerNamed('GERROR')?.fields ?? []).map(({ name }) => name),
    ...MESSAGE_NAMES,
    ...TOPIC_NAMES,
  ]),
];
