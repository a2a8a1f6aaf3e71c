import type { BenchContext } from '../bench.ts';
import { Asker, Counter, type Exchanger, REPLY, REQUEST } from './exchanger.ts';

/** What is used of libp2p 3; its own types would make it a dependency of the type check. */
interface Stream extends EventTarget {
  send(bytes: Uint8Array): boolean;
  close(): Promise<void>;
}
interface Node {
  start(): Promise<void>;
  stop(): Promise<void>;
  getMultiaddrs(): unknown[];
  handle(protocol: string, handler: (stream: Stream) => void): Promise<void>;
  dialProtocol(address: unknown, protocol: string): Promise<Stream>;
}
type Make = () => unknown;

const PROTOCOL = '/bench/reply/1';

/** Two libp2p nodes with TCP, Noise and Yamux, one stream between them. */
export async function libp2pLink(context: BenchContext): Promise<Exchanger> {
  const { createLibp2p } = await context.rival<{ createLibp2p(options: unknown): Promise<Node> }>('libp2p');
  const { tcp } = await context.rival<{ tcp: Make }>('@libp2p/tcp');
  const { noise } = await context.rival<{ noise: Make }>('@chainsafe/libp2p-noise');
  const { yamux } = await context.rival<{ yamux: Make }>('@chainsafe/libp2p-yamux');
  const make = (listen: string[]) =>
    createLibp2p({
      addresses: { listen },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
  const server = await make(['/ip4/127.0.0.1/tcp/0']);
  await server.handle(PROTOCOL, (stream) => {
    const asked = new Counter(REQUEST.length);
    received(stream, (bytes) => send(stream, REPLY, asked.take(bytes)));
  });
  const client = await make([]);
  const stream = await client.dialProtocol(server.getMultiaddrs()[0], PROTOCOL);
  const asker = new Asker((requests) => send(stream, REQUEST, requests));
  const replies = new Counter(REPLY.length);
  received(stream, (bytes) => asker.answered(replies.take(bytes)));
  return {
    exchange: (requests) => asker.run(requests),
    async close() {
      await client.stop();
      await server.stop();
    },
  };
}

function received(stream: Stream, take: (bytes: number) => void): void {
  stream.addEventListener('message', (event) => {
    const { data } = event as Event & { readonly data: { readonly byteLength: number } };
    take(data.byteLength);
  });
}

function send(stream: Stream, message: Uint8Array, times: number): void {
  for (let i = 0; i < times; i += 1) stream.send(message);
}
