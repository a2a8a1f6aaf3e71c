/** npm run build [-- FOLDER]   makes the publishable package in dist/: compiled modules, their types, contracts, package.json. */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const root = dirname(import.meta.dirname);
const out = resolve(root, process.argv[2] ?? 'dist');

rmSync(out, { recursive: true, force: true });
const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', out];
const { status } = spawnSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(1);

for (const file of [
  'README.md',
  'LICENSE',
  'contracts/artifacts.json',
  ...globSync('contracts/*.sol', { cwd: root }),
]) {
  cpSync(join(root, file), join(out, file));
}
mkdirSync(join(out, 'bin'), { recursive: true });
writeFileSync(join(out, 'bin/wayleave.js'), "#!/usr/bin/env node\nimport '../src/cli/main.js';\n", { mode: 0o755 });
writeFileSync(join(out, 'package.json'), `${JSON.stringify(publishedPackage(), null, 2)}\n`);
console.log(`${basename(out)}/ is ready for npm pack or npm publish`);

/** What users install: no scripts, no pinned runtime (they bring Node), one subpath per room that has an entry.ts. */
function publishedPackage(): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly optionalDependencies: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  const rooms = globSync('src/*/entry.ts', { cwd: root }).map((file) => basename(dirname(file)));
  // The pinned runtime and the second engine of the tests are this repository's business.
  const optional = Object.entries(own.optionalDependencies).filter(([name]) => !/^(node-|@foundry-rs\/)/.test(name));
  return {
    name: own['name'],
    version: own.version,
    description: own['description'],
    license: own['license'],
    type: 'module',
    engines: { node: '>=24.12' },
    bin: { wayleave: 'bin/wayleave.js' },
    exports: Object.fromEntries(
      rooms
        .sort()
        .map((room) => [`./${room}`, { types: `./src/${room}/entry.d.ts`, default: `./src/${room}/entry.js` }]),
    ),
    files: ['src', 'contracts', 'bin'],
    dependencies: own['dependencies'],
    optionalDependencies: Object.fromEntries(optional),
  };
}
