import net from 'node:net';

const BLOCK = Buffer.alloc(65_536, 'wayleave ');

/** Answers a line "N\n" with N bytes and closes: the cheapest web server there is, so that it does not show in figures. */
export async function byteOrigin(host = '127.0.0.1'): Promise<{ port: number; close(): void }> {
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    let wanted = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      wanted += bytes.toString('latin1');
      if (wanted.endsWith('\n')) send(socket, Number(wanted));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { port: (server.address() as net.AddressInfo).port, close: () => server.close() };
}

function send(socket: net.Socket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      const block = left >= BLOCK.length ? BLOCK : BLOCK.subarray(0, left);
      left -= block.length;
      if (!socket.write(block)) {
        socket.once('drain', more);
        return;
      }
    }
    socket.end();
  };
  more();
}

/** Asks for `bytes` through a proxy at `port`; `hello` is what the proxy wants to hear first, `helloReply` how much it answers. */
export function fetchBytes(port: number, bytes: number, hello?: { ask: Buffer[]; replies: number[] }): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const asks = [...(hello?.ask ?? []), Buffer.from(`${bytes}\n`)];
    const replies = [...(hello?.replies ?? [])];
    let skip = 0;
    let got = 0;
    const next = (): void => {
      socket.write(asks.shift() as Buffer);
      skip = replies.shift() ?? 0;
      if (asks.length > 0 && skip === 0) next();
    };
    socket.on('connect', next);
    socket.on('data', (chunk) => {
      let length = chunk.length;
      while (length > 0 && skip > 0) {
        const used = Math.min(skip, length);
        skip -= used;
        length -= used;
        if (skip === 0 && asks.length > 0) next();
      }
      got += length;
    });
    socket.on('end', () => {
      socket.end();
      resolve(got);
    });
    socket.on('error', reject);
  });
}

/** SOCKS5 without authentication, CONNECT to `port` of 127.0.0.1, or of another IPv4 address. */
export function socksHello(port: number, host = '127.0.0.1'): { ask: Buffer[]; replies: number[] } {
  const connect = Buffer.from([5, 1, 0, 1, ...host.split('.').map(Number), port >> 8, port & 255]);
  return { ask: [Buffer.from([5, 1, 0]), connect], replies: [2, 10] };
}
