import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { placed } from '../scripts/mutants/mutant.ts';
import { type Question, Verdicts } from '../scripts/mutants/verdicts.ts';

const TREE = {
  'src/core/price.ts': "import { unit } from './unit.ts';\nexport const price = (n: number): number => n * unit;\n",
  'src/core/unit.ts': 'export const unit = 3;\n',
  'src/core/price.test.ts': "import { price } from './price.ts';\n",
  'src/core/other.ts': 'export const other = 1;\n',
  'src/sim/small/stories.ts': "import { price } from '../../core/price.ts';\n",
};
const NOTICED = {
  tests: { by: 'tests', id: 'src/core/price.test.ts › costs', evidence: '4 and not 3' },
  simulation: { by: 'stories', id: 'story: a price', evidence: '4 and not 3' },
} as const;

describe('verdicts on mutants', () => {
  const root = mkdtempSync(join(tmpdir(), 'wayleave-verdicts-'));
  after(() => rmSync(root, { recursive: true }));
  const file = join(root, 'kept.jsonl');
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const anew = (): Verdicts => new Verdicts(root, { fresh: false, file });
  const restored = (): Verdicts => {
    rmSync(file, { force: true });
    for (const [name, text] of Object.entries(TREE)) write(name, text);
    return anew();
  };
  const ask = (side: Question['side'], source = TREE['src/core/price.ts']): Question => {
    const bug = { name: 'sum', why: '* → +', file: 'src/core/price.ts', old: 'n * unit', new: 'n + unit' };
    const mutant = placed(bug, source);
    const text = source.replace(bug.old, bug.new);
    return { side, mutant, text, rounds: 1 };
  };

  test('what was noticed stands in the next run while all that the noticing part loads is the same', () => {
    for (const side of ['tests', 'simulation'] as const) {
      restored().keep(ask(side), NOTICED[side]);
      write('src/core/other.ts', 'export const other = 2;\n');
      assert.deepEqual(anew().standing(ask(side)), NOTICED[side]);
    }
  });

  test('it is to be earned again when the test, the story, or what either loads has changed; who noticed is known', () => {
    for (const [side, changed] of [
      ['tests', 'src/core/price.test.ts'],
      ['tests', 'src/core/unit.ts'],
      ['simulation', 'src/sim/small/stories.ts'],
      ['simulation', 'src/core/unit.ts'],
    ] as const) {
      restored().keep(ask(side), NOTICED[side]);
      write(changed, `${TREE[changed]}// another\n`);
      assert.equal(anew().standing(ask(side)), undefined, `${side} ${changed}`);
      assert.deepEqual(anew().before(ask(side)), [NOTICED[side]]);
    }
  });

  test('it is to be earned again when the file of the mutant has changed, wherever in it', () => {
    const verdicts = restored();
    verdicts.keep(ask('tests'), NOTICED.tests);
    const moved = ask('tests', `// a line more\n${TREE['src/core/price.ts']}`);
    assert.equal(verdicts.standing(moved), undefined);
    assert.deepEqual(verdicts.before(moved), [NOTICED.tests]);
  });

  test('that nobody noticed stands only while nothing changed that could notice', () => {
    for (const side of ['tests', 'simulation'] as const) {
      restored().keep(ask(side), undefined);
      assert.equal(anew().standing(ask(side)), 'nobody');
      assert.equal(anew().standing({ ...ask(side), rounds: 2 }), undefined);
      write('src/core/other.ts', 'export const other = 2;\n');
      assert.equal(anew().standing(ask(side)), undefined);
    }
  });

  test('one side knows nothing of what the other found', () => {
    restored().keep(ask('tests'), NOTICED.tests);
    assert.deepEqual([anew().standing(ask('simulation')), anew().before(ask('simulation'))], [undefined, []]);
  });

  test('a line torn by who stopped the run costs that line alone', () => {
    restored().keep(ask('tests'), NOTICED.tests);
    appendFileSync(file, '{"name":"half');
    assert.deepEqual(anew().standing(ask('tests')), NOTICED.tests);
  });
});
