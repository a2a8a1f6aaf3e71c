import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ACCEPTED } from '../scripts/mutants/accepted/list.ts';
import { stands } from '../scripts/mutants/accepted.ts';
import { Bench } from '../scripts/mutants/bench.ts';
import { HAND_MADE } from '../scripts/mutants/hand-made.ts';
import { placed } from '../scripts/mutants/mutant.ts';
import { readOptions } from '../scripts/mutants/options.ts';
import { RULES } from '../scripts/mutants/rules.ts';

const root = dirname(import.meta.dirname);

describe('bugs made by hand', () => {
  // Who changes such a line writes the bug anew in scripts/mutants/hand/, and tries it: npm run mutants -- --only NAME
  for (const bug of HAND_MADE) {
    test(`${bug.name} still has a place in ${bug.file}`, () => {
      const mutant = placed(bug, readFileSync(join(root, bug.file), 'utf8'));
      assert.ok(mutant.end > mutant.start && mutant.text !== bug.old);
    });
  }

  test('there are enough of them, each with its own name', () => {
    assert.ok(HAND_MADE.length >= 20);
    assert.equal(new Set(HAND_MADE.map(({ name }) => name)).size, HAND_MADE.length);
  });
});

describe('what may go unnoticed', () => {
  test('each entry names a file of rules, and text that still stands in it', () => {
    const gone = ACCEPTED.filter((each) => {
      const file = RULES.find((rules) => basename(rules, '.ts') === each.file);
      return file === undefined || !stands(each, readFileSync(join(root, file), 'utf8'));
    });
    assert.deepEqual(gone, []);
  });
});

describe('a bench', () => {
  const bench = new Bench(root);
  after(() => bench.close());
  const file = 'src/core/credit/risk.ts';
  const source = readFileSync(join(root, file), 'utf8');
  const testFiles = ['src/core/credit/risk.test.ts'];
  const tried = async (text: string): Promise<string | undefined> => {
    const { parts } = await bench.survey({ testFiles, rounds: undefined, coverage: true });
    const ids = parts.map(({ id }) => id);
    return (await bench.try({ change: { file, text }, testFiles, rounds: undefined, parts: ids }))?.by;
  };

  test('notices what a unit test notices, what does not load, and nothing where nothing changed', async () => {
    assert.equal(await tried(source), undefined);
    assert.equal(await tried(source.replaceAll('Math.min', 'Math.max')), 'tests');
    assert.equal(await tried(`${source}\nthrow new Error('broken');`), 'load');
    assert.equal(await tried(source), undefined);
  });
});

describe('the command line of mutants', () => {
  test('says what is wrong with it', () => {
    for (const args of [['ledger'], ['--no-such'], ['--workers', '0'], ['--rounds', '4'], ['--minutes', 'x']])
      assert.ok('wrong' in readOptions(args), args.join(' '));
  });

  test('asks for the bugs made by hand unless told otherwise', () => {
    const options = readOptions([]);
    assert.ok('rounds' in options && !options.all && !options.mechanical && options.patch === undefined);
    assert.deepEqual(readOptions(['--help']), { help: true });
  });
});
