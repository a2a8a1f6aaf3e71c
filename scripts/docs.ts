/** npm run docs   prints docs/errors.md and docs/events.md from the tables in the code; `test/tidy.test.ts` compares. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedDocs } from './generated-docs.ts';

for (const { path, text } of generatedDocs()) {
  writeFileSync(join(import.meta.dirname, '..', path), text);
  console.log(path);
}
