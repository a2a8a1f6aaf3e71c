import type { NodeId } from '../core/node-id.ts';
import type { SignedStatement } from '../core/statement/statement.ts';
import type { Terms } from '../core/terms/terms.ts';
import type { StatementRecord, TermsRecord } from '../store/store.ts';
import { encodeStatement } from '../wire/statement.ts';
import { encodeTerms } from '../wire/terms.ts';

/** A statement as the store keeps it. */
export function statementRecord(
  neighbour: NodeId,
  party: 'mine' | 'theirs' | 'disputed',
  statement: SignedStatement,
): StatementRecord {
  const { storeEpoch, sequence } = statement;
  return { kind: 'statement', neighbour, party, storeEpoch, sequence, bytes: encodeStatement(statement) };
}

/** Terms as the store keeps them. */
export function termsRecord(neighbour: NodeId, side: 'mine' | 'theirs', terms: Terms): TermsRecord {
  return { kind: 'terms', neighbour, side, epoch: terms.epoch, bytes: encodeTerms(terms) };
}
