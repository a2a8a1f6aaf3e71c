import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { codeOf } from '../core/errors.ts';
import { count, type Vote } from './quorum.ts';

/** Each letter is an answer, `?` is not known there, `!` a failure. */
function votesOf(text: string): Vote<string>[] {
  return [...text].map((letter, place) => {
    if (letter === '!') return { place, failure: new Error('dead') };
    return { place, answer: letter === '?' ? undefined : letter };
  });
}

describe('what a quorum says', () => {
  const cases: [votes: string, quorum: number, asked: number, says: string][] = [
    ['a', 2, 3, 'waits'],
    ['aa', 2, 3, 'a'],
    ['aab', 2, 3, 'a against 2'],
    ['baa', 2, 3, 'a against 0'],
    ['ab', 2, 3, 'waits'],
    ['abc', 2, 3, 'RPC_DISAGREES'],
    ['ab!', 2, 3, 'RPC_DISAGREES'],
    ['ab', 2, 2, 'RPC_DISAGREES'],
    ['a?', 2, 2, 'unknown'],
    ['??', 2, 3, 'unknown'],
    ['??a', 2, 3, 'unknown'],
    ['a!', 2, 3, 'waits'],
    ['a!!', 2, 3, 'dead'],
    ['!!!', 2, 3, 'dead'],
    ['aaab', 3, 5, 'a against 3'],
    ['aabb?', 3, 5, 'RPC_DISAGREES'],
  ];
  for (const [votes, quorum, asked, says] of cases) {
    test(`${votes}: ${quorum} of ${asked} → ${says}`, () => {
      const verdict = count(votesOf(votes), quorum, asked);
      if (verdict === undefined) assert.equal('waits', says);
      else if ('failure' in verdict) assert.equal(codeOf(verdict.failure) ?? 'dead', says);
      else if (verdict.answer === undefined) assert.equal('unknown', says);
      else assert.equal([verdict.answer, ...verdict.against.map((at) => `against ${at}`)].join(' '), says);
    });
  }

  test('amounts count by their value', () => {
    const votes = [1n, 1n].map((wei, place) => ({ place, answer: { wei } }));
    assert.deepEqual(count(votes, 2, 2), { answer: { wei: 1n }, against: [] });
  });
});
