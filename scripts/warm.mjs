// node scripts/warm.mjs   compiles what `wayleave` runs into NODE_COMPILE_CACHE, and runs none of it. Stripping types takes
// some 35 MB that a process keeps for as long as it lives: here they end with this one, and a node's first start needs
// no more than the later ones. `bin/wayleave` calls it once after an installation; nothing depends on its success.
import { readdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const src = join(import.meta.dirname, '../src');
const files = readdirSync(src, { recursive: true })
  .filter((file) => file.endsWith('.ts') && !/\.(?:test|fixture)\.ts$/.test(file) && !file.startsWith('sim'))
  .map((file) => pathToFileURL(join(src, file)).href);
for (const url of files) await compile(url);
flushCompileCache();

/** Asks a module for what it does not export: it is found, compiled with all it imports, and refused before it runs. */
async function compile(url) {
  const asking = `import { neverExported } from ${JSON.stringify(url)};`;
  await import(`data:text/javascript,${encodeURIComponent(asking)}`).catch(() => undefined);
}
