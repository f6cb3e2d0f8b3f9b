/** Lists and tables that people and scripts make, and JSON. */

import { assignments, each, headed, hex, json, named, pairs, type Style, style } from './writers.ts';

export const LISTS: readonly Style[] = [
  style('names', false, assignments),
  style(
    'names and addresses',
    true,
    named(({ name, byteLength, value }, a) => `${name} (0x${hex(a)}): 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'addresses and names',
    true,
    named(({ name, byteLength, value }, a) => `0x${hex(a)} SMMU_${name} 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'offsets in brackets',
    true,
    named(({ name, offset, byteLength, value }) => `${name} [0x${hex(offset, 3)}] = 0x${hex(value, 2 * byteLength)}`),
  ),
  style(
    'offsets with a plus',
    true,
    each((_, w, offset) => `+0x${hex(offset, 3)} 0x${hex(w, 8)}`),
  ),
  style('three pairs on a line', false, (truth) =>
    pairs(
      assignments(truth).map((line) => line.replaceAll(' ', '')),
      3,
      ' ',
    ),
  ),
  style('pairs with colons and commas', true, (truth) =>
    pairs(named(({ name, byteLength, value }) => `SMMU_${name}: 0x${hex(value, 2 * byteLength)}`)(truth), 4, ', '),
  ),
  style('pairs on one line', false, (truth) => [assignments(truth).join('; ')]),
  style(
    'both bases',
    false,
    named(({ name, value }) => `${name}: ${value} (0x${hex(value)})`),
  ),
  style(
    'halves',
    true,
    named(({ name, byteLength, value }) =>
      byteLength === 4
        ? `${name}: 0x${hex(value, 8)}`
        : [`${name}_LO: 0x${hex(BigInt.asUintN(32, value), 8)}`, `${name}_HI: 0x${hex(value >> 32n, 8)}`],
    ),
  ),
  style(
    'a parted value',
    true,
    named(({ name, byteLength, value }) => `${name}: 0x${hex(value, 2 * byteLength).replace(/(?=.{8}$)(?<=.)/, '_')}`),
  ),
  style(
    'CSV',
    true,
    headed(
      'name,offset,value',
      named(({ name, offset, byteLength, value }) => `${name},0x${hex(offset)},0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'CSV of offsets',
    true,
    headed(
      'offset,value',
      each((_, w, offset) => `0x${hex(offset, 3)},0x${hex(w, 8)}`),
    ),
  ),
  style(
    'CSV, decimal',
    false,
    headed(
      'name;value',
      named(({ name, value }) => `${name};${value}`),
    ),
  ),
  style(
    'a Markdown table',
    true,
    headed(
      ['| Register | Value |', '| --- | --- |'],
      named(({ name, byteLength, value }) => `| ${name} | 0x${hex(value, 2 * byteLength)} |`),
    ),
  ),
  style(
    'YAML',
    true,
    headed(
      'smmu:',
      named(({ name, byteLength, value }) => `  ${name}: 0x${hex(value, 2 * byteLength)}`),
    ),
  ),
  style(
    'YAML, decimal',
    false,
    named(({ name, value }) => `${name}: ${value}`),
  ),
  style(
    'TOML',
    true,
    headed(
      '[registers]',
      named(({ name, value }) => `${name} = "0x${hex(value, 8)}"`),
    ),
  ),
  style('a Python dictionary', false, (truth) => [
    `{${named(({ name, value }) => `'${name}': 0x${hex(value)}`)(truth).join(', ')}}`,
  ]),
  // JSON.
  style('JSON by name', false, (truth) => json(named(({ name, value }) => `"${name}": "0x${hex(value)}"`)(truth))),
  style('JSON by name, numbers', false, (truth) => json(named(({ name, value }) => `"${name}": ${value}`)(truth))),
  style('JSON by name, padded text', true, (truth) =>
    json(named(({ name, byteLength, value }) => `"${name}": "${hex(value, 2 * byteLength)}"`)(truth)),
  ),
  style('JSON by name, decimal text', false, (truth) =>
    json(named(({ name, value }) => `"${name}": "${value}"`)(truth)),
  ),
  style('JSON by offset', false, (truth) => json(each((_, w, offset) => `"0x${hex(offset)}": ${w}`)(truth))),
  style('JSON by decimal offset', false, (truth) => json(each((_, w, offset) => `"${offset}": ${w}`)(truth))),
  style('JSON rows', false, (truth) => [
    '[',
    named(({ name, offset, value }, _a) => `{"name": "${name}", "offset": ${offset}, "value": "0x${hex(value)}"}`)(
      truth,
    ).join(',\n'),
    ']',
  ]),
  style(
    'JSON lines',
    false,
    each((a, w) => `{"addr": "0x${hex(a)}", "val": ${w}}`),
  ),
  style(
    'a base and offsets',
    false,
    each((_, w, offset) => `SMMU_BASE+0x${hex(offset, 3)} = 0x${hex(w)}`),
  ),
  style(
    'registers by offset',
    true,
    each((_, w, offset) => `REG[0x${hex(offset, 4)}]=0x${hex(w, 8)}`),
  ),
  style(
    'CSV with a width',
    true,
    named(
      ({ name, offset, byteLength, value }) =>
        `"0x${hex(offset, 4)}","SMMU_${name}","${8 * byteLength}","0x${hex(value, 2 * byteLength)}"`,
    ),
  ),
  style(
    'Markdown of code',
    false,
    named(({ name, value }) => `* **\`${name}\`** = \`0x${hex(value)}\``),
  ),
  style(
    'an HTML table',
    false,
    named(({ name, value }) => `<tr><td>${name}</td><td>0x${hex(value)}</td></tr>`),
  ),
  style(
    'a box',
    false,
    named(({ name, value }) => `\u2502 ${name.padEnd(20)} \u2502 0x${hex(value)} \u2502`),
  ),
  style(
    'an initializer',
    false,
    named(({ name, value }) => `\t.${name.toLowerCase()} = 0x${hex(value)},`),
  ),
  style(
    'YAML of properties',
    false,
    named(({ name, offset, value }) => [`- name: ${name}`, `  offset: 0x${hex(offset)}`, `  value: 0x${hex(value)}`]),
  ),
  style(
    'Verilog',
    false,
    named(({ name, byteLength, value }) => `${name} = ${8 * byteLength}'h${hex(value)}`),
  ),
  style('a dictionary of Python', false, (truth) => [
    '{',
    each((_, w, offset) => ` ${offset}: ${w}`)(truth).join(',\n'),
    '}',
  ]),
];
