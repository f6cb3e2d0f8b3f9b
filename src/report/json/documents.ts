/** Every JSON document that the command prints, with its published schema: `schema/` is made from this list. */

import { type JsonSchema, type Shape, schemaOf, variants } from '../../shape.ts';
import { DIFF } from './diff.ts';
import { INFO } from './info.ts';
import { INSPECTION } from './inspection.ts';
import { QUEUES } from './queues.ts';
import { STREAM } from './stream.ts';
import { IOVA_SPACE, TRANSLATION } from './translation.ts';

interface Document {
  /** What prints it. */
  readonly command: string;
  readonly shape: Shape<never>;
}

function either(...shapes: readonly Shape<never>[]): Shape<never> {
  return variants(...shapes.map((shape) => ({ is: () => true, shape })));
}

/** By the name of its schema. */
const DOCUMENTS: Readonly<Record<string, Document>> = {
  diff: { command: 'diff', shape: DIFF },
  info: { command: 'info', shape: INFO },
  inspection: { command: 'inspect', shape: INSPECTION },
  queues: { command: 'queues', shape: QUEUES },
  stream: { command: 'show', shape: STREAM },
  // One access, or with --all everything that a stream can reach.
  translation: { command: 'translate', shape: either(TRANSLATION, IOVA_SPACE) },
};

/** The schemas by file name. */
export function schemas(): Map<string, JsonSchema> {
  return new Map(
    Object.entries(DOCUMENTS).map(([name, { command, shape }]) => [
      `${name}.schema.json`,
      schemaOf(
        `urn:smmu-adopt:${name}:1`,
        `smmu-adopt ${name}, schema version 1`,
        `What \`smmu-adopt ${command} --format json\` prints. Within version 1 keys may be added; none is renamed, retyped or removed. Addresses, register values and 64-bit words are lower-case hex text; counts, sizes, indices and IDs are integers.`,
        shape,
      ),
    ]),
  );
}
