import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QUEUE_BYTES, START_WINDOW_BYTES, WINDOW_POOL_BYTES } from '../src/link/limits.ts';
import type { Bench, Row } from './bench.ts';
import { residentBytesOf } from './measure.ts';
import { byteOrigin, socksHello } from './relay/origin.ts';
import { configure, initFolder, pause, UpNode } from './up-node.ts';

const STREAMS = 1_000;
/** More than all windows on the way, so that they fill; small enough for the system's own socket buffers. */
const BYTES_A_STREAM = 256_000;
/** The user's node stands still for so long: the carrier has to keep all it took. */
const STALL_MS = 4_000;
/** What the limits of `src/link/limits.ts` let a carrier keep: received from one side, and queued for the other. */
const KEPT_BYTES = 2 * START_WINDOW_BYTES * STREAMS + WINDOW_POOL_BYTES + QUEUE_BYTES;
/** Buffers that were passed on and lived too long for the young generation: V8 collects them when so much stands. */
const UNCOLLECTED_BYTES = 64 * 2 ** 20;
/** Garbage of the heap that V8 lets stand. */
const GARBAGE_BYTES = 64 * 2 ** 20;
/** Two channels, two flows and what belongs to them. */
const OBJECTS_BYTES = 10_000 * STREAMS;
/** The stated bound (docs/performance.md). */
const BOUND_BYTES = KEPT_BYTES + UNCOLLECTED_BYTES + GARBAGE_BYTES + OBJECTS_BYTES;

/** Three processes: gateway, carrier, user's node; 1,000 downloads at once, stalled by stopping the user's node. */
export const bench: Bench = {
  id: 'streams',
  async rows(context) {
    const home = mkdtempSync(join(tmpdir(), 'wayleave-bench-streams-'));
    const origin = await byteOrigin();
    const nodes: UpNode[] = [];
    try {
      for (const name of ['gateway', 'carrier', 'user']) nodes.push(await startNode(join(home, name), nodes.at(-1)));
      const carrier = nodes[1] as UpNode;
      const user = nodes[2] as UpNode;
      await user.line('terms');
      await pause(2_000);
      const restBytes = residentBytesOf(carrier.pid);
      writeFileSync(`/proc/${carrier.pid}/clear_refs`, '5'); // begin the high-water mark anew
      const downloads = await openAll(await user.port('socks'), origin.port);
      context.say(`  ${downloads.length} streams open`);
      const whole = Promise.all(downloads.map((each) => each()));
      await pause(500);
      process.kill(user.pid, 'SIGSTOP');
      await pause(STALL_MS);
      process.kill(user.pid, 'SIGCONT');
      const got = (await whole).filter((bytes) => bytes === BYTES_A_STREAM).length;
      if (got < STREAMS) context.say(`  only ${got} of ${STREAMS} streams brought everything`);
      return [rowOf(peakBytesOf(carrier.pid) - restBytes)];
    } finally {
      for (const node of nodes.reverse()) await node.stop();
      origin.close();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

function rowOf(grownBytes: number): Row {
  // How far the carrier's resident memory rises above rest, at its worst, while it carries 1,000 streams that nobody
  // takes, and when they flow again: beside the bytes that the limits of links allow it to keep, with the objects of
  // streams and what the runtime leaves uncollected.
  return {
    id: 'streams.1000-stalled',
    value: grownBytes / 1e6,
    unit: 'MB',
    rival: 'the stated bound',
    rivalValue: BOUND_BYTES / 1e6,
    target: { of: 'ratio', most: 1 },
  };
}

/** Meters and prices everything, but lets nobody wait for payment. */
async function startNode(folder: string, upstream: UpNode | undefined): Promise<UpNode> {
  initFolder(folder);
  const role =
    upstream === undefined
      ? '[transit]\nuplink = true\nallow = ["127.0.0.1"]'
      : `[[neighbour]]\nname = "up"\naddress = "127.0.0.1:${await upstream.port('listen')}"`;
  configure(folder, `mode = "observe"\n${role}`);
  const node = new UpNode(folder, join(folder, '../cache'));
  await node.line(upstream === undefined ? 'up' : 'terms');
  return node;
}

/** Opens all streams through the proxy; each result asks for its bytes and counts them. */
async function openAll(socksPort: number, originPort: number): Promise<(() => Promise<number>)[]> {
  const opened: (() => Promise<number>)[] = [];
  let left = STREAMS;
  const openSome = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      opened.push(await open(socksPort, originPort));
    }
  };
  await Promise.all(Array.from({ length: 20 }, openSome));
  return opened;
}

async function open(socksPort: number, originPort: number): Promise<() => Promise<number>> {
  const socket = net.connect({ port: socksPort, host: '127.0.0.1', noDelay: true });
  for (const ask of socksHello(originPort).ask) {
    socket.write(ask);
    await once(socket, 'data');
  }
  return async () => {
    let got = 0;
    socket.on('data', (bytes) => {
      got += bytes.length;
    });
    socket.write(`${BYTES_A_STREAM}\n`);
    await once(socket, 'end');
    socket.end();
    return got;
  };
}

function peakBytesOf(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) * 1024;
}
