'use strict';
/**
 * ilp-connector over BTP WebSockets on loopback. `connector PORT PORT`: the connector, two accounts that listen.
 * `ends PORT PORT`: both other ends; each message asks for a round of packets, 100 in flight, prepare and fulfil as one.
 */
const { createHash, randomBytes } = require('node:crypto');
const [role, portA, portB] = process.argv.slice(2);

const PACKETS = 10_000;
const IN_FLIGHT = 100;
const DESTINATIONS = 1_000;
const FULFIL = 13;

const account = (port) => ({
  relation: 'child',
  plugin: 'ilp-plugin-btp',
  assetCode: 'USD',
  assetScale: 6,
  options: { listener: { port: Number(port), secret: 'bench' } },
  balance: { maximum: '1000000000000' },
  rateLimit: { refillPeriod: 1_000, refillCount: 1e9, capacity: 1e9 },
});

async function connector() {
  const { createApp } = require('ilp-connector');
  const app = createApp({
    env: 'test',
    ilpAddress: 'test.c',
    spread: 0,
    backend: 'one-to-one',
    store: 'memory',
    adminApi: false,
    accounts: { a: account(portA), b: account(portB) },
  });
  const listening = app.listen();
  process.send('ready');
  await listening;
}

async function ends() {
  const Plugin = require('ilp-plugin-btp');
  const { serializeIlpFulfill, serializeIlpPrepare } = require('ilp-packet');
  const [a, b] = [portA, portB].map((port) => new Plugin({ server: `btp+ws://:bench@localhost:${port}` }));
  const fulfillment = randomBytes(32);
  const executionCondition = createHash('sha256').update(fulfillment).digest();
  const fulfil = serializeIlpFulfill({ fulfillment, data: Buffer.alloc(0) });
  b.registerDataHandler(async () => fulfil);
  a.registerDataHandler(async () => fulfil);
  await Promise.all([a.connect(), b.connect()]);
  let count = 0;
  const prepare = () => {
    const data = Buffer.alloc(28);
    data.writeUInt32BE(++count);
    const amount = String(1 + Math.floor(Math.random() * 1_000));
    const destination = `test.c.b.x${count % DESTINATIONS}`;
    return serializeIlpPrepare({ amount, executionCondition, destination, expiresAt: new Date(Date.now() + 30_000), data });
  };
  const round = async () => {
    let left = PACKETS;
    const line = async () => {
      while (left-- > 0) {
        const answer = await a.sendData(prepare());
        if (answer[0] !== FULFIL) throw new Error(`not fulfilled: ${answer.toString('latin1')}`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, line));
    process.send(PACKETS);
  };
  process.on('message', () => void round());
  process.send('ready');
}

(role === 'connector' ? connector() : ends()).catch((error) => {
  console.error(error);
  process.exit(1);
});
