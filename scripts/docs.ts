/** npm run docs   writes every document that is printed from code; tests compare them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderMetricsManual } from '../src/api/metrics.ts';
import { renderCommandManual } from '../src/cli/command-manual.ts';
import { renderConfigManual } from '../src/node/config-text.ts';
import { generatedDocs } from './generated-docs.ts';

const pages = [
  ...generatedDocs(),
  { path: 'docs/commands.md', text: await renderCommandManual() },
  { path: 'docs/configuration.md', text: renderConfigManual() },
  { path: 'docs/metrics.md', text: renderMetricsManual() },
];
for (const { path, text } of pages) {
  writeFileSync(join(import.meta.dirname, '..', path), text);
  console.log(path);
}
