'use strict';
/**
 * ilp-connector in a process of its own, since it writes its log where a table should stand: one hop between two accounts
 * without a wire, balances on, 100 packets in flight, a prepare and its fulfil counted as one. Each message asks for a
 * round; the answer is packets per CPU-second.
 */
const { createHash, randomBytes } = require('node:crypto');
const { createApp } = require('ilp-connector');
const { serializeIlpFulfill, serializeIlpPrepare } = require('ilp-packet');
const { plugins } = require('./ilp-plugin.cjs');

const PACKETS = 20_000;
const IN_FLIGHT = 100;
const DESTINATIONS = 1_000;
const FULFIL = 13;

const account = (name) => ({
  relation: 'child',
  plugin: require.resolve('./ilp-plugin.cjs'),
  assetCode: 'USD',
  assetScale: 6,
  options: { name },
  balance: { maximum: '1000000000000' },
  rateLimit: { refillPeriod: 1_000, refillCount: 1e9, capacity: 1e9 },
});

async function main() {
  const app = createApp({
    env: 'test',
    ilpAddress: 'test.c',
    spread: 0,
    backend: 'one-to-one',
    store: 'memory',
    adminApi: false,
    accounts: { a: account('a'), b: account('b') },
  });
  await app.listen();
  const fulfillment = randomBytes(32);
  const executionCondition = createHash('sha256').update(fulfillment).digest();
  plugins.get('b').peer = async () => serializeIlpFulfill({ fulfillment, data: Buffer.alloc(0) });
  const { receive } = plugins.get('a');
  let count = 0;
  const prepare = () => {
    const data = Buffer.alloc(28);
    data.writeUInt32BE(++count);
    const amount = String(1 + Math.floor(Math.random() * 1_000));
    const destination = `test.c.b.x${count % DESTINATIONS}`;
    return serializeIlpPrepare({ amount, executionCondition, destination, expiresAt: new Date(Date.now() + 30_000), data });
  };
  const round = async () => {
    const packets = Array.from({ length: PACKETS }, prepare);
    const before = process.cpuUsage();
    const line = async () => {
      for (let packet = packets.pop(); packet !== undefined; packet = packets.pop()) {
        const answer = await receive(packet);
        if (answer[0] !== FULFIL) throw new Error('not fulfilled');
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, line));
    const { user, system } = process.cpuUsage(before);
    process.send(PACKETS / ((user + system) / 1e6));
  };
  process.on('message', () => void round());
  process.send('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
