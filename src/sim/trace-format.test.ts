import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WayleaveError } from '../core/errors.ts';
import type { Trace } from './trace.ts';
import { parseTrace, traceText } from './trace-format.ts';

const NOTHING = {
  ...{ provided: 0, consumed: 0, providedBytes: 0, consumedBytes: 0, providedRemainder: 0, consumedRemainder: 0 },
  ...{ providedCorrection: -3, consumedCorrection: 0, paid: 0, received: 0, payments: 0 },
  ...{ writtenWei: 10n ** 30n, takenWei: 0n },
};

const TRACE: Trace = {
  seed: 1,
  nodes: 2,
  edges: [[1, 0]],
  settings: {
    ...{ costPerMb: 20_000, payAt: 50, dropAt: 900, riskAt: 1_000, journalWindowMs: 50 },
    ...{ weiPerUnit: 10n ** 10n, depositWei: 10n ** 18n },
  },
  steps: [
    { kind: 'serve', from: 0, to: 1, bytes: 500 },
    { kind: 'kill', node: 1 },
    { kind: 'upload', from: 1, to: 0, bytes: 200 },
  ],
  books: [
    { node: 1, neighbour: 0, ...NOTHING },
    { node: 0, neighbour: 1, ...NOTHING },
  ],
};

/** The trace as plain data, changed in one place. */
function changed(change: (trace: Record<string, unknown>) => void): string {
  const trace = JSON.parse(traceText(TRACE)) as Record<string, unknown>;
  change(trace);
  return JSON.stringify(trace);
}

const set = (key: string, value: unknown) => changed((trace) => void (trace[key] = value));

describe('a trace as text', () => {
  it('comes back as it was', () => {
    assert.deepEqual(parseTrace(traceText(TRACE)), TRACE);
  });

  for (const [what, text, where] of [
    ['no JSON', '{', 'the file'],
    ['another schema', set('schema', 2), 'schema'],
    ['a word that is not known', set('faults', []), 'faults'],
    ['one node', set('nodes', 1), 'nodes'],
    ['who dials an earlier one', set('edges', [[0, 1]]), 'edges.0'],
    ['a link of a node that is not there', set('edges', [[2, 0]]), 'edges'],
    [
      'a link twice',
      changed(
        (trace) =>
          void (trace['edges'] = [
            [1, 0],
            [1, 0],
          ]),
      ),
      'edges',
    ],
    ['a fraction', set('steps', [{ kind: 'serve', from: 0, to: 1, bytes: 1.5 }]), 'steps.0.bytes'],
    ['more than a frame', set('steps', [{ kind: 'serve', from: 0, to: 1, bytes: 1e6 }]), 'steps.0.bytes'],
    ['a step of no kind', set('steps', [{ kind: 'pay', node: 0 }]), 'steps.0.kind'],
    ['a want of oneself', set('steps', [{ kind: 'serve', from: 0, to: 0, bytes: 1 }]), 'steps.0'],
    ['a kill of nobody', set('steps', [{ kind: 'kill', node: 2 }]), 'steps.0'],
    [
      'wei that is a number',
      set('settings', { ...TRACE.settings, weiPerUnit: 1, depositWei: '1' }),
      'settings.weiPerUnit',
    ],
    ['books left out', set('books', []), 'books'],
  ] as const) {
    it(`is refused with ${what}`, () => {
      assert.throws(
        () => parseTrace(text),
        (error) => {
          assert.ok(error instanceof WayleaveError);
          assert.equal(error.code, 'TRACE_INVALID');
          assert.equal(error.details['where'], where);
          return true;
        },
      );
    });
  }
});
