import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { generatedDocs } from '../scripts/generated-docs.ts';
import { ERRORS } from '../src/core/errors.ts';

/** House rules that the linter has no word for. Each names the file and line that breaks it, and only ever tightens. */
const root = dirname(import.meta.dirname);
const FOLDERS = ['.ci', 'bench', 'bin', 'contracts', 'docs', 'examples', 'scripts', 'src', 'test', 'web'];
const TEXT = /(^|\/)[^./]+$|\.(ts|mjs|sol|md|json|toml|ya?ml|sh|html|css)$/;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

const files: readonly SourceFile[] = globSync([...FOLDERS.map((folder) => `${folder}/**/*`), '*.*', 'LICENSE'], {
  cwd: root,
  withFileTypes: true,
  exclude: (entry) => ['node_modules', 'dist', '.git'].includes(entry.name),
})
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((path) => TEXT.test(path) && path !== relative(root, import.meta.filename))
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, lines: text.split('\n') };
  });
const code = files.filter(({ path }) => /\.(ts|mjs)$/.test(path));
const product = code.filter(({ path }) => path.startsWith('src/') && !/\.(test|fixture)\.ts$/.test(path));
const core = product.filter(({ path }) => path.startsWith('src/core/'));
const json = <T>(path: string): T => JSON.parse(readFileSync(join(root, path), 'utf8')) as T;

/** Lines that match, as `path:line: text`. */
function hits(among: readonly SourceFile[], pattern: RegExp): string[] {
  return among.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('tidy: what is unfinished or hidden', () => {
  it('finds the files it judges', () => {
    assert.ok(core.length > 10 && code.length > 50, 'a pattern above matches nothing');
  });

  it('no marks of unfinished work', () => {
    assert.deepEqual(hits(files, /\b(TODO|FIXME|XXX|HACK)\b|not implemented/), []);
  });

  it('no test runs alone, and none is skipped or put off without a reason', () => {
    const alone = /\b(test|it|describe|suite)\.only\(|\bonly: true/;
    const mute = /\bskip: true|\bt\.skip\(\)|\b(test|it|describe|suite)\.(skip|todo)\(|\btodo: true/;
    assert.deepEqual(hits(code, alone), []);
    assert.deepEqual(hits(code, mute), []);
  });

  it('every test file is one the runner picks up', () => {
    const known = /^(src|contracts|bench|test)\//;
    assert.deepEqual(
      files
        .map(({ path }) => path)
        .filter((path) => /\.test\.[a-z]+$/.test(path) && !(known.test(path) && path.endsWith('.ts'))),
      [],
    );
  });

  it('a lint rule is switched off only with its reason beside it', () => {
    assert.deepEqual(
      hits(code, /(oxlint|eslint)-disable(?!.* -- \S)|@ts-ignore|@ts-nocheck|biome-ignore(?!.*: \S)/),
      [],
    );
  });

  it('nothing names a place on one machine or a registry', () => {
    assert.deepEqual(hits(files, /(?<![\w./])\/(work|root|home|Users)\/\w|"resolved":|registry\.npmjs/), []);
  });
});

describe('tidy: the rules of the house (DESIGN §2)', () => {
  interface LintConfig {
    readonly overrides: readonly {
      readonly files: readonly string[];
      readonly rules: Readonly<Record<string, unknown>>;
    }[];
  }
  type Restriction = readonly ['error', { readonly patterns: readonly { readonly regex: string }[] }];

  /** The linter reads `import … from`; the same patterns of .oxlintrc.json hold here for `import('…')`. */
  it('a lazy import obeys the floors too', () => {
    const broken = json<LintConfig>('.oxlintrc.json').overrides.flatMap(({ files: globs, rules }) => {
      const restriction = rules['no-restricted-imports'] as Restriction | undefined;
      const room = /^src\/(\w+)\//.exec(globs[0] ?? '')?.[1];
      if (restriction === undefined || room === undefined) return [];
      return product
        .filter(({ path }) => path.startsWith(`src/${room}/`))
        .flatMap(({ path, text }) =>
          [...text.matchAll(/\bimport\(\s*'([^']+)'/g)].map((match) => [path, match[1] ?? '']),
        )
        .filter(([, target = '']) => restriction[1].patterns.some(({ regex }) => new RegExp(regex).test(target)))
        .map(([path, target]) => `${path} imports ${target}`);
    });
    assert.deepEqual(broken, []);
  });

  it('every room of src/ has its floor in the lint rules', () => {
    const config = readFileSync(join(root, '.oxlintrc.json'), 'utf8');
    const rooms = new Set(product.map(({ path }) => path.split('/')[1] ?? ''));
    assert.deepEqual(
      [...rooms].filter((room) => !config.includes(`"src/${room}/**/*.ts"`)),
      [],
    );
  });

  it('nothing but an entry.ts hands on the names of another file', () => {
    const rest = product.filter(({ path }) => !path.endsWith('/entry.ts'));
    assert.deepEqual(hits(rest, /^export (type )?(\{.*\}|\*.*) from /), []);
  });

  it('the product imports no test and no fixture', () => {
    assert.deepEqual(hits(product, /(from|import\() ?'.*(\/test\/|\.(test|fixture)\.ts)/), []);
  });

  it('folders are made by makeFolder, which ends where the recursive mkdir of Node tries for ever', () => {
    const recursive = /\bmkdir(?:Sync)?\([^;]*recursive/;
    assert.deepEqual(
      product.filter(({ text }) => recursive.test(text)).map(({ path }) => path),
      [],
    );
  });

  it('core waits for nothing', () => {
    assert.deepEqual(
      hits(core, /\basync (function|\(|\w+ =>)|(^\s*|[=(] ?|return )await |\bPromise[<.]|new Promise\b/),
      [],
    );
  });

  it('every exported name of core says what it means', () => {
    const silent = core.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) => {
        if (!/^export (abstract )?(const|function|class|interface|type) /.test(line)) return [];
        return isDocumented(lines, index) ? [] : [`${path}:${index + 1}: ${line.trim()}`];
      }),
    );
    assert.deepEqual(silent, []);
  });

  /** A comment above, or a documented export directly above that it completes (a unit pair, the type of a table). */
  function isDocumented(lines: readonly string[], index: number): boolean {
    const above = lines[index - 1]?.trim() ?? '';
    if (above.endsWith('*/')) return true;
    return /^export .*;$/.test(above) && isDocumented(lines, index - 1);
  }
});

describe('tidy: documents and tables', () => {
  for (const { path, text } of generatedDocs()) {
    it(`${path} is what the code says (npm run docs)`, () => {
      const written = readFileSync(join(root, path), 'utf8').split('\n');
      assert.deepEqual(
        {
          missing: text.split('\n').filter((line) => !written.includes(line)),
          surplus: written.filter((line) => !text.includes(line)),
        },
        { missing: [], surplus: [] },
      );
      assert.ok(written.join('\n') === text, 'its lines stand in another order');
    });
  }

  it('every error code is raised somewhere', () => {
    const elsewhere = product.filter(({ path }) => path !== 'src/core/errors.ts').map(({ text }) => text);
    const unused = Object.keys(ERRORS).filter((name) => !elsewhere.some((text) => text.includes(`'${name}'`)));
    assert.deepEqual(unused, []);
  });

  it('a document that the code names exists', () => {
    const named = files.flatMap(({ path, text }) =>
      [...text.matchAll(/\bdocs\/[\w-]+\.md\b/g)].map(([target]) => [path, target] as const),
    );
    assert.deepEqual(
      named.filter(([, target]) => !files.some(({ path }) => path === target)),
      [],
    );
  });

  it('the tests that ARCHITECTURE.md names for each invariant exist', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const named = [...text.matchAll(/\]\(([^)]+\.test\.ts)\): “([^”]+)”/g)].map(
      ([, path, name]) => [path, name] as const,
    );
    assert.ok(named.length >= 5);
    assert.deepEqual(
      named.filter(([path = '', name = '']) => !readFileSync(join(root, path), 'utf8').includes(`'${name}'`)),
      [],
    );
  });

  it('documents link only to files that exist', () => {
    const broken = files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
          .map((match) => join(dirname(path), match[1] ?? ''))
          .filter((target) => globSync(target, { cwd: root }).length === 0)
          .map((target) => `${path}: ${target}`),
      );
    assert.deepEqual(broken, []);
  });
});

describe('tidy: packages', () => {
  interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
    readonly engines?: unknown;
  }
  interface Lock {
    readonly packages: Readonly<Record<string, { readonly engines?: unknown }>>;
  }
  const manifest = json<Manifest>('package.json');
  const declared = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };

  it('versions are exact', () => {
    assert.deepEqual(
      Object.entries(declared).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });

  /** CONTRIBUTING.md, "Dependencies": npm under an older host Node would silently leave the chain's native part out. */
  it('the lock file asks no Node version for the embedded chain, and neither does the root package', () => {
    const asking = Object.entries(json<Lock>('package-lock.json').packages)
      .filter(([path, entry]) => path.startsWith('node_modules/@nomicfoundation/edr') && entry.engines !== undefined)
      .map(([path]) => path);
    assert.deepEqual(asking, []);
    assert.equal(manifest.engines, undefined, 'npm would warn on every command of a host with Node 20');
  });

  it('what the product imports is a dependency, and every dependency is imported', () => {
    const imported = new Set(
      product.flatMap(({ text }) =>
        [...text.matchAll(/(?:from|import|import\(|require\(|\)\()\s*'([@a-z][\w@./:-]*)'/g)].map((match) =>
          packageOf(match[1] ?? ''),
        ),
      ),
    );
    const installed = { ...manifest.dependencies, ...manifest.optionalDependencies };
    const undeclared = [...imported].filter((name) => !isBuiltin(name) && installed[name] === undefined);
    const unused = Object.keys(manifest.dependencies).filter((name) => !imported.has(name));
    assert.deepEqual({ undeclared, unused }, { undeclared: [], unused: [] });
  });

  function packageOf(specifier: string): string {
    if (isBuiltin(specifier)) return specifier;
    const name = specifier.split('/');
    return name[0]?.startsWith('@') ? name.slice(0, 2).join('/') : (name[0] ?? '');
  }
});
