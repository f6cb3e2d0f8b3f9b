import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../src/findings/rules.ts';
import { InputError, type InspectOptions, openDump, parseSnapshot } from '../src/index.ts';
import { schemas } from '../src/report/documents.ts';
import { define, flag, object, type Shape, schemaOf, text } from '../src/shape.ts';
import { anyText } from './support/any-text.ts';
import { CASES, type Case, withCase } from './support/conformance.ts';
import { holds } from './support/holds.ts';
import { inspectJson } from './support/published.ts';
import {
  CHECK_SCHEMA,
  closed,
  DECODE_SCHEMA,
  DIFF_SCHEMA,
  EXPLAIN_SCHEMA,
  expectStrictlyValid,
  expectStrictlyValidSnapshot,
  expectValid,
  expectValidSnapshot,
  INFO_SCHEMA,
  INSPECTION_SCHEMA,
  inspectionProblems,
  type JsonSchema,
  LOG_SCHEMA,
  QUEUES_SCHEMA,
  readSchema,
  SNAPSHOT_SCHEMA,
  STREAM_SCHEMA,
  snapshotProblems,
  TRANSLATION_SCHEMA,
  TRIAGE_SCHEMA,
  VALIDATION_SCHEMA,
} from './support/schema.ts';
import { runs, someOf } from './support/slow.ts';
import { temporaryFolder } from './support/temporary.ts';

const folder = temporaryFolder();

/** The inspection of a case as a script gets it. */
function inspectCase(one: Case, options: InspectOptions): Promise<unknown> {
  return withCase(one, async ({ dump, snapshot, later }) => inspectJson(dump, snapshot, { ...options, later }));
}

/** Every schema inside a schema, with where it stands. */
function* subschemas(schema: unknown, at = '#'): Generator<[at: string, schema: JsonSchema]> {
  if (typeof schema !== 'object' || schema === null) return;
  if (!Array.isArray(schema)) yield [at, schema as JsonSchema];
  for (const [key, value] of Object.entries(schema)) yield* subschemas(value, `${at}/${key}`);
}

test('two definitions of one name are refused: one of them would not be published', () => {
  const [one, other] = [define('thing', 'A flag', flag), define('thing', 'A text', text)] as Shape<unknown>[];
  const both = object<{ a: unknown; b: unknown }>()({
    a: ['', one as Shape<unknown>],
    b: ['', other as Shape<unknown>],
  });
  expect(() => schemaOf('urn:x', 'x', 'x', both as Shape<never>)).toThrow('two definitions are called thing');
});

test('schema/ is what the shapes make of it', async () => {
  for (const [file, schema] of await schemas()) {
    expect(JSON.parse(JSON.stringify(schema)), `${file}: npm run schemas makes it anew`).toEqual(readSchema(file));
  }
});

describe.each([
  { name: 'check', schema: CHECK_SCHEMA, id: 'urn:smmu-adopt:check:1' },
  { name: 'decode', schema: DECODE_SCHEMA, id: 'urn:smmu-adopt:decode:1' },
  { name: 'diff', schema: DIFF_SCHEMA, id: 'urn:smmu-adopt:diff:1' },
  { name: 'explain', schema: EXPLAIN_SCHEMA, id: 'urn:smmu-adopt:explain:1' },
  { name: 'info', schema: INFO_SCHEMA, id: 'urn:smmu-adopt:info:1' },
  { name: 'inspection', schema: INSPECTION_SCHEMA, id: 'urn:smmu-adopt:inspection:1' },
  { name: 'log', schema: LOG_SCHEMA, id: 'urn:smmu-adopt:log:1' },
  { name: 'queues', schema: QUEUES_SCHEMA, id: 'urn:smmu-adopt:queues:1' },
  { name: 'stream', schema: STREAM_SCHEMA, id: 'urn:smmu-adopt:stream:1' },
  { name: 'snapshot', schema: SNAPSHOT_SCHEMA, id: 'urn:smmu-adopt:snapshot:1' },
  { name: 'translation', schema: TRANSLATION_SCHEMA, id: 'urn:smmu-adopt:translation:1' },
  { name: 'triage', schema: TRIAGE_SCHEMA, id: 'urn:smmu-adopt:triage:1' },
  { name: 'validation', schema: VALIDATION_SCHEMA, id: 'urn:smmu-adopt:validation:1' },
])('$name.schema.json', ({ schema, id }) => {
  const objects = [...subschemas(schema)].filter(([, { type, properties }]) => type === 'object' && properties);

  test('is JSON Schema 2020-12 under its name', () => {
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: id });
  });

  // The strict variant closes what is open by name, so nothing may be open by omission.
  test('leaves every object open, and says so', () => {
    expect(objects.length).toBeGreaterThan(2);
    const others = objects.filter(([, { additionalProperties }]) => additionalProperties !== true);
    expect(others.map(([at]) => at)).toEqual([]);
  });

  test('says something about every key', () => {
    const defs = schema['$defs'] as Record<string, JsonSchema>;
    const undescribed = objects.flatMap(([at, { properties }]) =>
      Object.entries(properties as Record<string, JsonSchema>)
        .filter(([, property]) => {
          const target = defs[String(property['$ref']).replace('#/$defs/', '')];
          return (property['description'] ?? target?.['description'] ?? target?.['title']) === undefined;
        })
        .map(([key]) => `${at}/properties/${key}`),
    );
    expect(undescribed).toEqual([]);
  });

  test('has no definition that is not used', () => {
    const text = JSON.stringify(schema);
    const defs = Object.keys(schema['$defs'] as object);
    expect(defs.filter((name) => !text.includes(`"#/$defs/${name}"`))).toEqual([]);
  });

  test('is closed everywhere in its strict variant', () => {
    expect(JSON.stringify(closed(schema))).not.toContain('"additionalProperties":true');
  });
});

describe('the inspection schema', () => {
  test('knows every rule there is, and its arguments', () => {
    const { finding } = INSPECTION_SCHEMA['$defs'] as Record<string, JsonSchema>;
    const conditions = finding?.['allOf'] as { if: { properties: { rule: { const: string } } } }[];
    expect(conditions.map((condition) => condition.if.properties.rule.const)).toEqual(Object.keys(RULES));
  });

  // Only that it is redacted, where something is, what firmware's tables say when they were asked for, the mask of a register of
  // which all is known, and the count of L1 descriptors that are not in the dump where all are may be left out.
  test('requires every key but those of a location, of the platform, of redaction, a mask, and what is missing', () => {
    const optional = [...subschemas(INSPECTION_SCHEMA)]
      .filter(([, { type, properties }]) => type === 'object' && properties)
      .flatMap(([at, { required, properties }]) => {
        const missing = Object.keys(properties as object).filter((key) => !(required as string[]).includes(key));
        return missing.length === 0 ? [] : [[at, missing]];
      });
    expect(optional).toEqual([
      ['#', ['redacted']],
      ['#/$defs/smmu', ['faults', 'platform']],
      ['#/$defs/register', ['known']],
      ['#/$defs/census', ['unknownL1']],
      ['#/$defs/finding/properties/location', ['l1Index', 'firstSid', 'lastSid', 'pciBus', 'address']],
    ]);
  });
});

describe('inspections of the conformance set', () => {
  test.each(someOf(CASES, 12))('$id with its insertions', async (one) => {
    expectStrictlyValid(await inspectCase(one, { insert: one.insert_sids }));
  });

  // One of each family, without the few whose tables would take seconds to print.
  const sample = CASES.filter(({ family, image }, i) => {
    return CASES.findIndex((other) => other.family === family) === i && image.length < 100_000;
  });

  test.each(someOf(sample, 4))('$id with everything there is', async (one) => {
    expectStrictlyValid(await inspectCase(one, { all: true, insert: 'all', gate: false }));
  });

  // None of the set is damaged, lacks evidence, or has anything odd in its snapshot.
  test.each([
    ['of a damaged linear table', { STRTAB_BASE_CFG: '0x4', CR9: 0 }, ['fallback', 'adopted', 'not-attempted']],
    ['of a damaged two-level table', { STRTAB_BASE_CFG: '0x10210' }, ['fallback', 'indeterminate']],
  ])('%s', async (_, registers, verdicts) => {
    const made = { captured: 'unknown', registers: { STRTAB_BASE: '0x1000', ...registers } };
    const snapshot = parseSnapshot(made, 'regs.json');
    const where = 'regs.json: memory[0]';
    const loadMap = [{ paddr: 0x1000, byteLength: 4096, fileOffset: 0, where }];
    const elsewhere = await openDump(folder.write('elsewhere.raw', new Uint8Array(4096).fill(0xff)));
    const damaged = await openDump(folder.write('damaged.raw', new Uint8Array(512)), { loadMap });
    const met = new Set<string>();
    try {
      for (const dump of [elsewhere, damaged]) {
        for (const options of [{}, { later: damaged, gate: false, insert: [0, 256], sids: [0, 99] }]) {
          for (const firmwareCoherent of [true, false]) {
            const smmus = snapshot.smmus.map((smmu) => ({ ...smmu, firmwareCoherent }));
            const inspection = await inspectJson(dump, { ...snapshot, smmus }, options);
            expectStrictlyValid(inspection);
            for (const { adoption } of inspection.smmus) met.add(adoption.verdict);
          }
        }
      }
    } finally {
      elsewhere.close();
      damaged.close();
    }
    expect([...met].sort()).toEqual(expect.arrayContaining([...verdicts].sort()));
  });
});

/** A copy of `json` with one value replaced; with `undefined`, with the key removed. */
function withChange(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(json);
  let parent = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) {
    parent = parent[key] as Record<string | number, unknown>;
    if (parent === undefined) throw new Error(`nothing at ${path.join('.')}`);
  }
  const last = path.at(-1) as string | number;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

describe('what is not an inspection', async () => {
  // A two-level table with a used L2 table and active STEs, inserted from memory that has changed since.
  const one = CASES.find(({ family }) => family === 'later_span') as Case;
  // On a core where a refused device takes nothing else with it.
  const good = await inspectCase(one, {
    insert: one.insert_sids,
    sids: one.insert_sids,
    kernel: { major: 6, minor: 12 },
  });

  test('the inspection that is going to be broken is good', () => {
    expectStrictlyValid(good);
    expect(good).toMatchObject({
      later: {},
      findings: expect.arrayContaining([expect.objectContaining({ rule: 'insert-span-changed' })]),
    });
  });

  const smmu = ['smmus', 0] as const;
  const finding = ['findings', 0] as const;

  test.each<[readonly (string | number)[], unknown, string]>([
    [['schemaVersion'], 2, '/schemaVersion must be equal to constant (1); found 2'],
    [['schemaVersion'], '1', '/schemaVersion must be equal to constant (1); found "1"'],
    [['dump'], undefined, "/ must have required property 'dump'"],
    [['later'], undefined, "/ must have required property 'later'"],
    [['later'], {}, "/later must have required property 'files'"],
    [['tool', 'name'], 'other', '/tool/name must be equal to constant ("smmu-adopt")'],
    [['dump', 'pageSize'], 4095, '/dump/pageSize must be equal to one of the allowed values ([4096,16384,65536])'],
    [['dump', 'complete'], 'yes', '/dump/complete must be boolean'],
    [['dump', 'files'], 'a.raw', '/dump/files must be array'],
    [['dump', 'memory', 0, 'start'], 0, '/dump/memory/0/start must be string; found 0'],
    [['summary', 'exitCode'], 2, '/summary/exitCode must be equal to one of the allowed values ([0,1,3])'],
    [['summary', 'errors'], -1, '/summary/errors must be >= 0'],
    [['summary', 'errors'], 1.5, '/summary/errors must be integer'],
    [[...smmu, 'base'], 1, '/smmus/0/base must be string'],
    [[...smmu, 'base'], '0X10', '/smmus/0/base must match pattern "^0x[0-9a-f]+$"; found "0X10"'],
    [[...smmu, 'name'], null, '/smmus/0/name must be string'],
    [[...smmu, 'features', 'asidBits'], 12, '/smmus/0/features/asidBits must be equal to one of the allowed values'],
    [[...smmu, 'features', 'oasBits'], undefined, "/smmus/0/features must have required property 'oasBits'"],
    [[...smmu, 'registers', 'STRTAB_BASE', 'value'], 1, '/smmus/0/registers/STRTAB_BASE/value must be string'],
    [[...smmu, 'registers', 'STRTAB_BASE', 'fields', 'RA'], -1, '/smmus/0/registers/STRTAB_BASE/fields/RA'],
    [[...smmu, 'registers', 'strtab_base'], { value: '0x0', fields: {} }, '/smmus/0/registers must match pattern'],
    [
      [...smmu, 'adoption', 'verdict'],
      'failed',
      '/smmus/0/adoption/verdict must be equal to one of the allowed values',
    ],
    [[...smmu, 'adoption', 'ret'], 22, '/smmus/0/adoption/ret must be <= 0'],
    [[...smmu, 'adoption', 'errno'], '-EINVAL', '/smmus/0/adoption/errno must match pattern'],
    [
      [...smmu, 'adoption', 'format'],
      'reserved',
      '/smmus/0/adoption/format must be equal to one of the allowed values',
    ],
    [[...smmu, 'adoption', 'entries'], 0, '/smmus/0/adoption/entries must be >= 1'],
    [[...smmu, 'adoption', 'optionAfter'], 1, '/smmus/0/adoption/optionAfter must be boolean,null'],
    [[...smmu, 'adoption', 'checks', 0, 'result'], 'skip', '/smmus/0/adoption/checks/0/result must be equal to one of'],
    [[...smmu, 'adoption', 'checks', 0, 'id'], 'Gate', '/smmus/0/adoption/checks/0/id must match pattern'],
    [[...smmu, 'adoption', 'log', 0, 'level'], 'notice', '/smmus/0/adoption/log/0/level must be equal to one of'],
    [[...smmu, 'adoption', 'mappings', 0, 'purpose'], 'ste', '/smmus/0/adoption/mappings/0/purpose must be equal to'],
    [[...smmu, 'adoption', 'mappings', 0, 'size'], '8', '/smmus/0/adoption/mappings/0/size must be integer'],
    [[...smmu, 'adoption', 'mappings', 0, 'pages', 'lost'], undefined, "/pages must have required property 'lost'"],
    [[...smmu, 'adoption', 'strtabCfg'], {}, '/smmus/0/adoption/strtabCfg must match exactly one schema in oneOf'],
    [[...smmu, 'adoption', 'strtabCfg', 'l2', 'l1Dma'], 0, '/smmus/0/adoption/strtabCfg/l2/l1Dma must be null'],
    [[...smmu, 'adoption', 'reserved', 'asids'], [65536], '/smmus/0/adoption/reserved/asids/0 must be <= 65535'],
    [[...smmu, 'adoption', 'teardown'], [], '/smmus/0/adoption/teardown must be object'],
    [[...smmu, 'inserts', 0, 'sid'], '0x8', '/smmus/0/inserts/0/sid must be integer'],
    [[...smmu, 'inserts', 0, 'sid'], 2 ** 32, '/smmus/0/inserts/0/sid must be <= 4294967295'],
    [[...smmu, 'inserts', 0, 'deferred'], undefined, "/smmus/0/inserts/0 must have required property 'deferred'"],
    [
      [...smmu, 'kernelLog', 0, 'stage'],
      'boot',
      '/smmus/0/kernelLog/0/stage must be equal to one of the allowed values',
    ],
    [[...smmu, 'panic'], false, '/smmus/0/panic must be object'],
    [[...smmu, 'panic'], { where: 'f', why: 'w' }, "/smmus/0/panic must have required property 'address'"],
    [[...smmu, 'lost'], {}, "/smmus/0/lost must have required property 'why'"],
    [[...smmu, 'table', 'split'], 7, '/smmus/0/table/split must be equal to one of the allowed values ([6,8,10,null])'],
    [[...smmu, 'l1', 0, 'descriptor'], '0x9', '/smmus/0/l1/0/descriptor must match pattern "^0x[0-9a-f]{16}$"'],
    [[...smmu, 'l1', 0, 'status'], 'fine', '/smmus/0/l1/0/status must be equal to one of the allowed values'],
    [[...smmu, 'l1', 0, 'span'], 32, '/smmus/0/l1/0/span must be <= 31'],
    [[...smmu, 'census', 'byConfig', 'reserved'], undefined, '/smmus/0/census/byConfig must have required property'],
    [[...smmu, 'stes', 0, 'words'], ['0x0000000000000000'], '/smmus/0/stes/0/words must NOT have fewer than 8 items'],
    [[...smmu, 'stes', 0, 'words', 7], '0xABCDEF0000000000', '/smmus/0/stes/0/words/7 must match pattern'],
    [[...smmu, 'stes', 0, 'bdf'], '00:20.0', '/smmus/0/stes/0/bdf must match pattern'],
    [[...smmu, 'stes', 0, 'config'], 5, '/smmus/0/stes/0/config must be equal to one of the allowed values'],
    [
      [...smmu, 'stes', 0, 'pageState'],
      'hidden',
      '/smmus/0/stes/0/pageState must be equal to one of the allowed values',
    ],
    [[...smmu, 'stes', 0, 'fields', 'S1ContextPtr'], true, '/smmus/0/stes/0/fields/S1ContextPtr must be integer'],
    [[...finding, 'rule'], 'No such rule', '/findings/0/rule must match pattern'],
    [[...finding, 'rule'], 'insert-out-of-range', "/findings/0/args must have required property 'entries'"],
    [[...finding, 'args'], {}, "/findings/0/args must have required property 'sid'"],
    [[...finding, 'args', 'span'], '0x3', '/findings/0/args/span must be integer; found "0x3"'],
    [[...finding, 'args'], [], '/findings/0/args must be object'],
    [[...finding, 'severity'], 'fatal', '/findings/0/severity must be equal to one of the allowed values'],
    [[...finding, 'location'], null, '/findings/0/location must be object; found null'],
    [[...finding, 'location', 'address'], 0, '/findings/0/location/address must be string'],
    [[...finding, 'location', 'pciBus'], '5', '/findings/0/location/pciBus must match pattern'],
    [[...finding, 'message'], '', '/findings/0/message must NOT have fewer than 1 characters'],
    [[...finding, 'kernelMessage'], undefined, "/findings/0 must have required property 'kernelMessage'"],
    [[...finding, 'reach'], 'world', '/findings/0/reach must be equal to one of the allowed values'],
  ])('%j as %j', (path, value, expected) => {
    const found = inspectionProblems(withChange(good, path, value));
    expect(found.filter((problem) => problem.includes(expected)).length, found.join('\n')).toBeGreaterThan(0);
  });

  test.each([
    [['extra'], '/ must NOT have additional properties ("extra")'],
    [['dump', 'extra'], '/dump must NOT have additional properties ("extra")'],
    [['smmus', 0, 'adoption', 'extra'], '/smmus/0/adoption must NOT have additional properties ("extra")'],
    [['smmus', 0, 'stes', 0, 'extra'], '/smmus/0/stes/0 must NOT have additional properties ("extra")'],
    [['findings', 0, 'location', 'extra'], '/findings/0/location must NOT have additional properties ("extra")'],
    [['findings', 0, 'args', 'extra'], '/findings/0/args must NOT have additional properties ("extra")'],
  ])('a new key %j is fine for scripts, and not for us', (path, message) => {
    const grown = withChange(good, path, 1);
    expectValid(grown);
    expect(() => expectStrictlyValid(grown)).toThrow(message);
  });

  test('of many mistakes the first are shown', () => {
    expect(() => expectValid({})).toThrow(
      /^does not fit urn:smmu-adopt:inspection:1:\n {2}.*must have required property 'schemaVersion'; found \{\}\n {2}/,
    );
    const many = withChange(
      good,
      ['findings'],
      Array.from({ length: 50 }, () => 0),
    );
    expect(() => expectValid(many)).toThrow(
      /\n {2}\/findings\/0 must be object; found 0\n[\s\S]*\n {2}\.\.\. and \d+ more:/,
    );
  });
});

describe('the snapshot schema', () => {
  test('fits the registers of every conformance case', () => {
    for (const { id, regs } of CASES) {
      expect(() => expectStrictlyValidSnapshot(regs), id).not.toThrow();
    }
  });

  const REGISTERS = { STRTAB_BASE: '0x4000000042000000', STRTAB_BASE_CFG: '0x10210' };

  test('fits a snapshot with everything in it', () => {
    expectStrictlyValidSnapshot({
      version: 1,
      source: 'by hand',
      captured: 'before-kdump-probe',
      memory: [{ base: '0x40000000', size: '0x10000000', offset: '0x0', file: 'ddr0.bin' }, { base: 0 }],
      kdump: { revision: 'v6', systemRam: [{ start: '0x7a000000', end: '0x7fffffff' }] },
      smmus: [
        { name: 'a', base: '0x9050000', firmware: { coherent: true }, registers: REGISTERS },
        { registers: { smmu_strtab_base_lo: 1107296256, smmu_strtab_base_hi: '0', STRTAB_BASE_CFG: '66064' } },
      ],
    });
    expectStrictlyValidSnapshot({ name: 'a', base: 1, firmware: {}, registers: REGISTERS });
  });

  test.each<[unknown, string]>([
    [[], '/ must be object'],
    [{}, "/ must have required property 'smmus'"],
    [{ registers: {} }, '/registers must NOT have fewer than 2 properties'],
    [{ registers: REGISTERS, version: 2 }, '/version must be equal to constant (1)'],
    [{ registers: REGISTERS, captured: 'later' }, '/captured must be equal to one of the allowed values'],
    [{ registers: { ...REGISTERS, CR0: '0x' } }, '/registers/CR0 must match pattern'],
    [{ registers: { ...REGISTERS, CR0: '0x10000000000000000' } }, '/registers/CR0 must match pattern'],
    [{ registers: { ...REGISTERS, CR0: -1 } }, '/registers/CR0 must be >= 0'],
    [{ registers: { ...REGISTERS, CR0: 2 ** 53 } }, '/registers/CR0 must be <= 9007199254740991'],
    [{ registers: { ...REGISTERS, CR0: '0'.repeat(65) } }, '/registers/CR0 must NOT have more than 64 characters'],
    [{ registers: REGISTERS, base: '0x10000000000000' }, '/base must match pattern'],
    [{ registers: REGISTERS, base: 2 ** 52 }, '/base must be <= 4503599627370495'],
    [{ registers: REGISTERS, name: 1 }, '/name must be string'],
    [{ registers: REGISTERS, firmware: { coherent: 1 } }, '/firmware/coherent must be boolean'],
    [{ smmus: [] }, '/smmus must NOT have fewer than 1 items'],
    [{ smmus: [{}] }, "/smmus/0 must have required property 'registers'"],
    [{ registers: REGISTERS, memory: [{}] }, "/memory/0 must have required property 'base'"],
    [{ registers: REGISTERS, memory: [{ base: 0, file: '' }] }, '/memory/0/file must NOT have fewer than 1 characters'],
    [
      { registers: REGISTERS, kdump: { systemRam: [{ start: 0 }] } },
      "/kdump/systemRam/0 must have required property 'end'",
    ],
  ])('refuses %j', (json, expected) => {
    const found = snapshotProblems(json);
    expect(found.filter((problem) => problem.includes(expected)).length, found.join('\n')).toBeGreaterThan(0);
  });

  // The parser knows more (which registers there are, their sizes), so it may refuse what fits the schema; what it
  // takes has to fit. `source` and unknown registers it does not look at, and so they are not among these.
  test('fits whatever the parser takes', () => {
    const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
      fc.oneof({ arbitrary: usual, weight: 15 }, { arbitrary: odd, weight: 1 });
    const value = often(
      fc.constantFrom<unknown>('0x0', '0X1f', '007', 5, '4294967295', '0'.repeat(64), '0x00ffffFFFF'),
      fc.constantFrom<unknown>('', 'x', -1, 0.5, null, 2 ** 52, '0xfffffffffffff', '18446744073709551615', 2 ** 53),
    );
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    const name = maybe(often<unknown>(anyText(), fc.constant(1)));
    const registers = fc.record({
      STRTAB_BASE: value,
      smmu_strtab_base_cfg: value,
      CMDQ_BASE_LO: value,
      ARM_SMMU_CMDQ_BASE_HI: value,
    });
    const smmu = fc.record({
      name,
      base: maybe(value),
      firmware: maybe(often<unknown>(fc.constantFrom({}, { coherent: true }), fc.constant({ coherent: 0 }))),
      registers,
    });
    const snapshot = fc.record({
      version: maybe(often<unknown>(fc.constant(1), fc.constantFrom(2, '1'))),
      captured: maybe(often<unknown>(fc.constantFrom('running', 'unknown'), fc.constant(''))),
      memory: maybe(fc.array(fc.record({ base: value, size: maybe(value), offset: maybe(value), file: name }))),
      kdump: maybe(fc.record({ systemRam: maybe(fc.array(fc.record({ start: value, end: value }))) })),
      smmus: often<unknown>(fc.array(smmu, { minLength: 1, maxLength: 2 }), fc.constantFrom([], {})),
    });
    let taken = 0;
    const property = fc.property(fc.oneof(snapshot, smmu), (made) => {
      const json = JSON.parse(JSON.stringify(made)) as unknown;
      try {
        parseSnapshot(json, 'regs.json', { allowOutside: true });
      } catch (error) {
        if (error instanceof InputError) return;
        throw error;
      }
      taken += 1;
      expectValidSnapshot(json);
    });
    holds(property, { numRuns: runs(2000) });
    expect(taken, 'snapshots that were compared').toBeGreaterThan(runs(300));
  });
});
