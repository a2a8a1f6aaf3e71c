import { createSigner } from '../../src/chain/signer.ts';
import type { ServiceDoor } from '../../src/core/ledger/door.ts';
import type { LinkAccount } from '../../src/core/ledger/link-account.ts';
import { SessionPair, termsOf } from '../../src/core/session/session-pair.fixture.ts';
import { makeIdentity } from '../../src/link/certificate.ts';
import { type Channel, type Link, type LinkHandlers, ResetCode } from '../../src/link/link.ts';
import { spent } from '../../src/link/spent.ts';
import { TlsTransport } from '../../src/link/tls-transport.ts';
import { systemClock } from '../../src/node/system-clock.ts';
import { Asker, Counter, type Exchanger, REPLY, REQUEST } from './exchanger.ts';

/** So much credit that nobody has to pay during a measurement. */
const DROP_AT_MB = 1_000_000;
const GRANT_BYTES = 1_000_000;
const QUIET: Omit<LinkHandlers, 'opened'> = {
  message: () => undefined,
  granted: () => undefined,
  closed: () => undefined,
};

/** Our link with a metered, priced and limited account at both ends, whose sessions have exchanged terms. */
export async function paidLink(): Promise<Exchanger> {
  const price = { askPerMb: 10_000, bidPerMb: 20_000, payAtMb: DROP_AT_MB / 2, dropAtMb: DROP_AT_MB };
  const pair = new SessionPair(termsOf(price), termsOf(price));
  pair.connect();
  for (const side of [pair.left, pair.right]) side.account.onMoved(() => side.session.sample());
  const { server, client, close } = await connect();
  serve(server, pair.left.account);
  const asker = await ask(client, pair.right.account);
  return { exchange: (requests) => asker.run(requests), close };
}

async function connect(): Promise<{ server: Link; client: Link; close(): Promise<void> }> {
  const [a, b] = await Promise.all(
    [1, 2].map(async (fill) => {
      const identity = await makeIdentity(createSigner(new Uint8Array(32).fill(fill)));
      return new TlsTransport({ identity, clock: systemClock });
    }),
  );
  const accepted = Promise.withResolvers<Link>();
  const listener = await (a as TlsTransport).listen({ host: '127.0.0.1', port: 0 }, accepted.resolve);
  const client = await (b as TlsTransport).dial(listener.address);
  const server = await accepted.promise;
  const close = async (): Promise<void> => {
    client.destroy();
    server.destroy();
    await listener.close();
  };
  return { server, client, close };
}

/** The selling side: what it sends is held against the limit, sent, and committed; what arrives was granted before. */
function serve(link: Link, account: LinkAccount): void {
  const door = account.door('transit');
  let granted = 0;
  const grant = (): void => {
    const { bytes } = door.reserveForward(GRANT_BYTES, systemClock.nowMs());
    granted += bytes;
    link.grantForward(bytes);
  };
  const opened = (channel: Channel): void => {
    const asked = new Counter(REQUEST.length);
    let waiting = 0;
    const answer = (): void => {
      for (; waiting > 0 && channel.sendable() >= REPLY.length; waiting -= 1) reply(channel, door);
    };
    channel.attach({
      data(bytes, tag) {
        door.arrived(bytes.length, tag, systemClock.nowMs());
        granted -= bytes.length;
        if (granted < GRANT_BYTES / 2) grant();
        channel.release(bytes.length);
        waiting += asked.take(bytes.length);
        // As the streams of the product do.
        spent(bytes, bytes.length);
        answer();
      },
      writable: answer,
      ended: () => undefined,
      reset: () => undefined,
    });
    channel.accept();
  };
  link.attach({ ...QUIET, opened });
  grant();
}

function reply(channel: Channel, door: ServiceDoor): void {
  const nowMs = systemClock.nowMs();
  if (door.servable(REPLY.length, nowMs).bytes < REPLY.length) throw new Error('the account refused');
  const hold = door.serve(REPLY.length, nowMs);
  channel.send(REPLY, door.sellEpoch);
  door.commit(hold);
}

/** The buying side: each request is use that is held and committed, each delivery is booked. */
async function ask(link: Link, account: LinkAccount): Promise<Asker> {
  const door = account.door('transit');
  await new Promise<void>((granted) => {
    link.attach({ ...QUIET, granted, opened: (channel) => channel.reset(0) });
  });
  const replies = new Counter(REPLY.length);
  const asker = new Asker((requests) => {
    for (let i = 0; i < requests; i += 1) {
      if (channel.sendable() < REQUEST.length || door.usable(REQUEST.length) < REQUEST.length)
        throw new Error('the account refused');
      const hold = door.use(REQUEST.length);
      channel.send(REQUEST, door.buyEpoch);
      door.commit(hold);
    }
  });
  const channel = link.open(new Uint8Array(8), door.buyEpoch, {
    data(bytes, tag) {
      door.delivered(bytes.length, tag);
      channel.release(bytes.length);
      const whole = replies.take(bytes.length);
      spent(bytes, bytes.length);
      asker.answered(whole);
    },
    writable: () => undefined,
    ended: () => undefined,
    reset: (code) => {
      if (code !== ResetCode.linkLost) throw new Error(`reset with ${code}`);
    },
  });
  return asker;
}
