import { type ChannelParty, orderParties } from '../chain/channel-signing.ts';
import type { Signer } from '../chain/signer.ts';
import type { NoteRecord } from '../store/store.ts';

/** What the book keeps of a channel between two: `them` put in 1,000 wei, `me` 100, and the chain has seen no payment. */
export function channelNote(me: Signer, them: Signer, channel: string): NoteRecord {
  const books = (deposited: number) => ({
    depositedWei: String(deposited),
    withdrawnWei: '0',
    paidWei: '0',
    unclaimedWei: '0',
  });
  const [a, b] = me.id < them.id ? [books(100), books(1_000)] : [books(1_000), books(100)];
  const sides = [me, them].map(({ id }) => ({ signer: id, payee: id })) as [ChannelParty, ChannelParty];
  const parties = orderParties(...sides);
  const facts = { fromFactory: true, parties, freezeSeconds: 86_400, nonce: 0, a, b, closed: false };
  return { kind: 'note', name: `channel:${channel}`, text: JSON.stringify({ neighbour: them.id, facts }) };
}
