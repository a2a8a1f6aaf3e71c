import type { Field, RawValue } from './config-field.ts';
import { keyName, NEIGHBOUR, SECTIONS, TOP } from './config-table.ts';

/** Comments in the file that `init` writes are wrapped here. */
const COMMENT_WIDTH = 100;

/** What a written file sets; keys as in the file: `name`, `listen.port`. Everything else stands there as a comment. */
export interface ConfigFileContent {
  readonly values: Readonly<Record<string, RawValue>>;
  /** Keys without the heading: `address`, `name`. */
  readonly neighbours?: readonly Readonly<Record<string, RawValue>>[];
}

/** A complete, commented configuration file. What is not in `content` is commented out with its default. */
export function renderConfigFile(content: ConfigFileContent): string {
  const { values, neighbours = [] } = content;
  const parts = ['# A Wayleave node. Every key may be left out; behind "#" stands its default.', ''];
  parts.push(...renderKeys(TOP, (key) => values[key]));
  for (const [name, section] of Object.entries(SECTIONS)) {
    parts.push(`# ${section.doc}`, `[${name}]`, ...renderKeys(section.fields, (key) => values[`${name}.${key}`]));
  }
  parts.push(`# ${NEIGHBOUR.doc} Repeat the block for each.`);
  if (neighbours.length === 0) parts.push('# [[neighbour]]', ...renderKeys(NEIGHBOUR.fields, () => undefined));
  for (const each of neighbours) {
    parts.push('[[neighbour]]', ...Object.entries(each).map(([key, value]) => `${key} = ${toml(value)}`), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function renderKeys(fields: object, set: (key: string) => RawValue | undefined): string[] {
  return Object.entries(fields as Record<string, Field<unknown>>).flatMap(([name, field]) => {
    const key = keyName(name);
    const value = set(key);
    const standard = field.default === undefined ? '' : ` ${toml(field.default)}`;
    const line = value === undefined ? `# ${key} =${standard}` : `${key} = ${toml(value)}`;
    return [...wrapped(`${field.doc} Accepts ${field.accepts}.`), line, ''];
  });
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length >= COMMENT_WIDTH) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A value as TOML. JSON's escapes are TOML's too. */
function toml(value: RawValue): string {
  if (typeof value === 'object') return `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** `docs/configuration.md`. */
export function renderConfigManual(): string {
  const parts = [
    '# Configuration',
    '',
    '*Printed from `src/node/config-table.ts` by `wayleave help configuration`; a test keeps them equal.*',
    '',
    'A node reads one TOML file, by default `wayleave.toml` in the present folder. Every key may be left out. Relative',
    'paths start at the folder of the file. 1 MB is 10⁶ bytes; 1 unit is 10⁻⁸ of a dollar, so that 10,000 units per MB are',
    '0.10 USD per GB. A key that does not exist, or a value out of range, stops the node from starting, with its line.',
    '',
    '## Above the first section',
    '',
    ...manualTable(TOP),
  ];
  for (const [name, section] of [...Object.entries(SECTIONS), ['neighbour', NEIGHBOUR] as const]) {
    const heading = name === 'neighbour' ? '[[neighbour]]' : `[${name}]`;
    parts.push(`## \`${heading}\``, '', section.doc, '', ...manualTable(section.fields));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function manualTable(fields: object): string[] {
  const rows = Object.entries(fields as Record<string, Field<unknown>>).map(([name, field]) => {
    const standard = field.default === undefined ? 'none' : `\`${toml(field.default)}\``;
    return `| \`${keyName(name)}\` | ${field.accepts.replaceAll('|', '\\|')} | ${standard} | ${field.doc} |`;
  });
  return ['| key | accepts | default | meaning |', '|---|---|---|---|', ...rows, ''];
}
