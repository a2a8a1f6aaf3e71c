import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signCheque } from '../../src/chain/cheque-signing.ts';
import { createSigner, type Signer } from '../../src/chain/signer.ts';
import type { Message } from '../../src/core/session/message.ts';
import { termsOf } from '../../src/core/session/session-pair.fixture.ts';
import type { Terms } from '../../src/core/terms/terms.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import type { Link, LinkEnd } from '../../src/link/link.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { decodeMessage, encodeMessage } from '../../src/wire/message.ts';
import { encodeOpenRequest } from '../../src/wire/open-request.ts';
import { Line } from './line.fixture.ts';

const HONEST = termsOf({ askPerMb: undefined, bidPerMb: 50_000, payAtMb: 1, dropAtMb: 4 });
const ZERO = [0, 0, 0] as const;
const OPENING: Message = {
  kind: 'counts',
  opening: true,
  storeEpoch: 1,
  provided: ZERO,
  admitted: ZERO,
  consumed: ZERO,
};

/** A neighbour that speaks the protocol by hand, over a real link. */
class Stranger {
  readonly signer: Signer;
  readonly heard: Message[] = [];
  readonly ended: Promise<LinkEnd>;
  readonly link: Link;

  private constructor(signer: Signer, link: Link) {
    this.signer = signer;
    this.link = link;
    this.ended = new Promise((resolve) => {
      link.attach({
        message: (_kind, bytes) => {
          const message = decodeMessage(bytes);
          if (message !== undefined) this.heard.push(message);
        },
        opened: (channel) => channel.reset(0),
        granted: () => undefined,
        closed: resolve,
      });
    });
  }

  static async dial(line: Line, key: number): Promise<Stranger> {
    const signer = createSigner(new Uint8Array(32).fill(key));
    const transport = new TlsTransport({ identity: await makeIdentity(signer), clock: systemClock });
    const port = Number(line.nodes[0]?.node.status().listen?.split(':').at(-1));
    return new Stranger(signer, await transport.dial({ host: '127.0.0.1', port }, line.signers[0]?.id));
  }

  say(message: Message, kind: 'control' | 'payment' = 'control'): void {
    this.link.send(kind, encodeMessage(message));
  }

  /** Terms, counts and acknowledgements, as an honest node would. */
  async greet(line: Line, terms: Terms = HONEST): Promise<void> {
    this.say({ kind: 'terms', terms });
    this.say(OPENING);
    await line.until(() => this.heard.some(({ kind }) => kind === 'terms'));
    const theirs = this.heard.find((each) => each.kind === 'terms');
    if (theirs?.kind === 'terms') this.say({ kind: 'termsAck', epoch: theirs.terms.epoch });
  }

  async pay(
    line: Line,
    change: Partial<{ chequebook: string; cumulativeWei: bigint; key: number }> = {},
  ): Promise<string> {
    const issuer = change.key === undefined ? this.signer : createSigner(new Uint8Array(32).fill(change.key));
    const cheque = signCheque(issuer, 31_337, {
      chequebook: change.chequebook ?? line.nodes[0]?.node.status().chequebook ?? '',
      beneficiary: line.signers[0]?.id ?? '',
      cumulativeWei: change.cumulativeWei ?? 10n ** 14n,
    });
    this.say({ kind: 'payment', id: 1, units: 10_000, proof: { kind: 'cheque', cheque } }, 'payment');
    await line.until(() => this.heard.some(({ kind }) => kind === 'paymentAck'));
    const ack = this.heard.find((each) => each.kind === 'paymentAck');
    return ack?.kind === 'paymentAck' ? ack.code : 'none';
  }
}

describe('a gateway among strangers', { timeout: 60_000 }, () => {
  const line = new Line(1);
  let nextKey = 100;
  const stranger = (): Promise<Stranger> => Stranger.dial(line, nextKey++);

  before(async () => {
    await line.start();
    await line.until(() => line.nodes[0]?.node.status().chequebook !== undefined);
  });
  after(() => line.close());

  const refusals: readonly [what: string, change: Partial<Terms>, code: string][] = [
    ['another chain', { chainId: 5 }, 'TERMS_WRONG_CHAIN'],
    ['another token', { token: '0x00000000000000000000000000000000000000aa' }, 'TERMS_WRONG_TOKEN'],
    ['another version', { protocolVersion: 2 }, 'TERMS_WRONG_VERSION'],
    [
      'an absurd price',
      { services: { ...HONEST.services, transit: { askPerMb: 2 ** 40, bidPerMb: 1 } } },
      'TERMS_ABSURD',
    ],
    ['an absurd ratio', { ratio: { numerator: 1n, denominator: 1n } }, 'TERMS_ABSURD'],
    [
      'payAt above dropAt',
      { services: { ...HONEST.services, transit: { askPerMb: 10, bidPerMb: 1 } }, payAt: 9, dropAt: 8 },
      'TERMS_PAYAT_ABOVE_DROPAT',
    ],
  ];
  for (const [what, change, code] of refusals) {
    test(`terms with ${what} end the link with their own code`, async () => {
      const peer = await stranger();
      peer.say({ kind: 'terms', terms: { ...HONEST, ...change } });
      assert.deepEqual(await peer.ended, { by: 'remote', code });
    });
  }

  test('a message that cannot be read, one out of its turn, and one replayed, end the link', async () => {
    const garbled = await stranger();
    garbled.link.send('control', Uint8Array.of(5, 1, 2, 3));
    assert.equal((await garbled.ended).code, 'WIRE_MALFORMED');
    const early = await stranger();
    early.say({ kind: 'allotment', service: 'transit', count: 1, epoch: 1 });
    assert.notEqual((await early.ended).code, undefined);
    const replayed = await stranger();
    await replayed.greet(line);
    replayed.say(OPENING);
    assert.equal((await replayed.ended).code, 'MESSAGE_UNEXPECTED');
  });

  test('traffic before terms, and more than was granted, is not served', async () => {
    const peer = await stranger();
    const header = encodeOpenRequest({ service: 'transit', hopLimit: 4, destination: { host: '127.0.0.1', port: 9 } });
    const quiet = { data: () => undefined, ended: () => undefined, reset: () => undefined, writable: () => undefined };
    assert.throws(() => peer.link.open(header, 1, quiet), { code: 'LINK_BUDGET_SPENT' });
    assert.equal(line.nodes[0]?.node.status().streams, 0);
    peer.link.destroy();
  });

  const book = '0x00000000000000000000000000000000000000bb';
  const cheques: readonly [
    what: string,
    announced: string | undefined,
    pay: Parameters<Stranger['pay']>[1],
    code: string,
  ][] = [
    [
      'from a chequebook it did not announce',
      book,
      { chequebook: `${book.slice(0, -2)}cc` },
      'CHEQUE_WRONG_CHEQUEBOOK',
    ],
    ['from a chequebook that does not exist', book, { chequebook: book }, 'CHEQUE_NO_CONTRACT'],
    ["from somebody else's chequebook", undefined, {}, 'CHEQUE_WRONG_ISSUER'],
    ['over nothing', undefined, { cumulativeWei: 0n }, 'CHEQUE_STALE'],
    ['over more than there can be', undefined, { cumulativeWei: 2n ** 255n }, 'CHEQUE_ABSURD'],
  ];
  for (const [what, announced, pay, code] of cheques) {
    test(`a cheque ${what} is refused by its own code, and credits nothing`, async () => {
      const peer = await stranger();
      const chequebook = announced ?? line.nodes[0]?.node.status().chequebook;
      await peer.greet(line, { ...HONEST, chequebook });
      assert.equal(await peer.pay(line, pay), code);
      const link = line.nodes[0]?.node.status().links.find((each) => each.neighbour === peer.signer.id);
      assert.equal(link?.received, 0);
      peer.link.destroy();
    });
  }

  test('a flood of payments is cut', async () => {
    const peer = await stranger();
    await peer.greet(line, { ...HONEST, chequebook: book });
    const cheque = signCheque(peer.signer, 31_337, {
      chequebook: book,
      beneficiary: line.signers[0]?.id ?? '',
      cumulativeWei: 1n,
    });
    for (let id = 0; id < 200; id += 1)
      peer.say({ kind: 'payment', id, units: 1, proof: { kind: 'cheque', cheque } }, 'payment');
    assert.equal((await peer.ended).code, 'PAYMENT_FLOOD');
  });

  test('after all of it the node stands, and an honest stranger is welcome', async () => {
    const peer = await stranger();
    await peer.greet(line);
    await line.until(() => peer.link.forwardBudget > 0);
    const link = line.nodes[0]?.node.status().links.find((each) => each.neighbour === peer.signer.id);
    assert.equal(link?.connected, true);
    peer.link.destroy();
  });
});
