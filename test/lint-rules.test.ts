import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

/** A lint rule that no longer fires looks exactly like clean code, so each is shown one file that breaks it. */
const root = dirname(import.meta.dirname);
const home = mkdtempSync(join(tmpdir(), 'wayleave-lint-'));

const from = (target: string) => `import { x } from '${target}';\nexport const y = x;\n`;
const lines = (count: number, text: string) => `${text}\n`.repeat(count);

/** file, what is in it, and the rule that must object (none: it is allowed). */
const CASES: readonly (readonly [path: string, text: string, rule?: string])[] = [
  ['src/core/a1.ts', from('node:fs'), 'no-restricted-imports'],
  ['src/core/a2.ts', from('viem'), 'no-restricted-imports'],
  ['src/core/a3.ts', from('../wire/bytes.ts'), 'no-restricted-imports'],
  ['src/core/a4.test.ts', from('node:assert')],
  ['src/core/a5.test.ts', from('../store/store.ts'), 'no-restricted-imports'],
  ['src/core/a6.ts', 'export const now = () => Date.now();\n', 'no-restricted-globals'],
  ['src/core/a7.ts', 'export const chance = () => Math.random();\n', 'no-restricted-properties'],
  ['src/core/a8.ts', 'export const id = process.pid;\n', 'no-restricted-globals'],
  ['src/wire/b1.ts', from('../link/link.ts'), 'no-restricted-imports'],
  ['src/link/b2.ts', from('../store/store.ts'), 'no-restricted-imports'],
  ['src/link/b3.ts', from('./../chain/chain.ts'), 'no-restricted-imports'],
  ['src/link/b4.ts', from('../core/errors.ts')],
  ['src/link/deep/b5.ts', from('../../store/store.ts'), 'no-restricted-imports'],
  ['src/link/b6.ts', from('../core/inner/x.ts')],
  ['src/neighbour/b11.ts', from('../link/inner/x.ts'), 'no-restricted-imports'],
  ['src/core/inner/b12.ts', from('../../store/store.ts'), 'no-restricted-imports'],
  ['src/link/b7.ts', from('../../scripts/x.ts'), 'no-restricted-imports'],
  ['src/link/b8.ts', 'export const later = (f: () => void) => setTimeout(f, 1);\n', 'no-restricted-globals'],
  ['src/chain/b9.ts', from('../neighbour/neighbour.ts'), 'no-restricted-imports'],
  ['src/store/b10.ts', from('../settle/x.ts'), 'no-restricted-imports'],
  ['src/neighbour/c1.ts', from('../transit/transit.ts'), 'no-restricted-imports'],
  ['src/transit/c2.ts', from('../settle/x.ts'), 'no-restricted-imports'],
  ['src/settle/c3.ts', from('../node/node.ts'), 'no-restricted-imports'],
  ['src/settle/c4.ts', from('../chain/chain.ts')],
  ['src/node/d1.ts', from('../api/server.ts'), 'no-restricted-imports'],
  ['src/node/d2.ts', from('../settle/x.ts')],
  ['src/api/e1.ts', from('../cli/main.ts'), 'no-restricted-imports'],
  ['src/sim/e2.ts', from('../api/server.ts'), 'no-restricted-imports'],
  ['src/cli/f1.ts', from('../lab/x.ts'), 'no-restricted-imports'],
  ['src/lab/f2.ts', from('../cli/x.ts'), 'no-restricted-imports'],
  ['src/lab/f3.ts', from('../api/server.ts')],
  ['src/wire/g1.ts', `${from('./g2.ts')}export const z = 1;\n`, 'no-cycle'],
  ['src/wire/g2.ts', "import { z } from './g1.ts';\nexport const x = () => z;\n", 'no-cycle'],
  ['src/wire/h1.ts', lines(401, '// one line'), 'max-lines'],
  ['src/wire/h2.ts', `export function f() {\n${lines(70, '  // one line')}}\n`, 'max-lines-per-function'],
  [
    'src/wire/h3.ts',
    `export function f(a: number) {\n${lines(15, '  if (a > 1) return 1;')}  return 2;\n}\n`,
    'complexity',
  ],
  ['src/wire/h4.ts', 'export const f = (a: 1, b: 1, c: 1, d: 1, e: 1) => [a, b, c, d, e];\n', 'max-params'],
  ['src/wire/h5.ts', 'export const f = (a: any) => String(a);\n', 'no-explicit-any'],
  ['src/wire/h6.ts', 'const f = async () => {};\nf();\nexport const x = 1;\n', 'no-floating-promises'],
  ['src/wire/h7.test.ts', "import { test } from 'node:test';\ntest('x', async () => {});\n"],
  ['src/wire/h8.ts', 'const f = 1;\nexport default f;\n', 'no-default-export'],
  ['src/wire/h9.ts', "export * from './h10.ts';\n", 'no-barrel-file'],
  ['src/wire/h10.ts', 'export const x = 1;\n'],
  ['src/wire/h11.ts', "export const f = () => console.log('x');\n", 'no-console'],
];

interface Report {
  readonly diagnostics: readonly { readonly filename: string; readonly code: string }[];
}
let report: Report = { diagnostics: [] };

describe('lint', () => {
  before(() => {
    for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) cpSync(join(root, file), join(home, file));
    symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
    for (const [path, text] of CASES) {
      mkdirSync(join(home, dirname(path)), { recursive: true });
      writeFileSync(join(home, path), text);
    }
    const run = spawnSync(process.execPath, ['node_modules/oxlint/bin/oxlint', '-f', 'json'], {
      cwd: home,
      encoding: 'utf8',
    });
    report = JSON.parse(run.stdout) as Report;
  });

  after(() => rmSync(home, { recursive: true, force: true }));

  for (const [path, , rule] of CASES) {
    it(`${path}: ${rule ?? 'allowed'}`, () => {
      const found = report.diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code);
      if (rule === undefined) assert.deepEqual(found, []);
      else
        assert.ok(
          found.some((code) => code.includes(`(${rule})`)),
          `only ${found.join(', ') || 'nothing'} fired`,
        );
    });
  }
});
