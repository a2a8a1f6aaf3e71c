import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { MAX_MARGIN_PERCENT, MAX_REPLIES, MAX_WAIT_MS } from '../api/packet-limits.ts';
import { MAX_PAYLOAD_BYTES, MAX_VALUE } from '../core/carrier/packet.ts';
import { WayleaveError } from '../core/errors.ts';
import { nodeId } from '../core/node-id.ts';
import { type ApiOptions, NodeApi, type SentPacket, withApiOptions } from './node-api.ts';
import { payloadOf, payloadText } from './payload.ts';
import { answer, type CommandContext } from './terminal.ts';
import { whole, wholeFrom } from './whole-number.ts';

interface SendOptions extends ApiOptions {
  readonly value?: number;
  readonly margin: number;
  readonly file?: string;
  readonly text?: string;
  readonly replies: number;
  readonly out?: string;
  readonly receipt?: boolean;
  readonly budget?: number;
  readonly wait: number;
  readonly quote?: true;
}

/** `wayleave send ADDRESS` */
export function sendCommand(context: CommandContext): Command {
  return withApiOptions(new Command('send'))
    .description(
      'Sends value to a node anywhere on the network, with a text or a file, and tells what became of it: what it cost, ' +
        'what came back, and who refused it and why. A file that is too long for one packet goes as several, one after ' +
        'the other: with --receipt each as soon as the one before has arrived, without it each after --wait.',
    )
    .argument('<address>', 'the node id it goes to')
    .option(
      '--value <units>',
      'what each packet carries; without it: what the path takes, and a margin',
      wholeFrom(0, MAX_VALUE),
    )
    .option('--margin <percent>', 'how much more than the path takes', wholeFrom(0, MAX_MARGIN_PERCENT), 10)
    .addOption(new Option('--file <path>', 'what it carries').conflicts('text'))
    .option('--text <text>', 'the same, as typed')
    .option('--replies <number>', 'ask for answers, and wait for so many', wholeFrom(0, MAX_REPLIES), 0)
    .option('--out <path>', 'write what the answers carry to this file')
    .option('--receipt', 'ask for a signed receipt; a packet is lost when neither it nor the packet comes back')
    .option('--budget <units>', 'send no further part once all of them have cost this much', whole)
    .option('--wait <ms>', 'how long to wait for answers, a receipt or a refusal', wholeFrom(0, MAX_WAIT_MS), 2_000)
    .option('--quote', 'send nothing; say what a packet will be charged on its way')
    .option('--json', 'answer in JSON')
    .action(async (address: string, options: SendOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      if (options.quote) return quote(context, api, nodeId(address), await payloadOf(options));
      const all = parts(await payloadOf(options));
      const sent = await sendParts(api, nodeId(address), all, options);
      if (options.out !== undefined) await save(options.out, sent);
      const unsent = all.length - sent.length;
      const ok = unsent === 0 && sent.every(({ result }) => ARRIVED.has(result));
      const sums = {
        sentUnits: sum(sent, ({ sentUnits }) => sentUnits),
        cameUnits: sum(sent, ({ cameUnits }) => cameUnits),
        costUnits: cost(sent),
        ...(options.budget === undefined ? {} : { budgetUnits: options.budget }),
      };
      const lost = sent.filter(({ result }) => result === 'lost').length;
      answer(context, { ok, ...sums, lost, unsent, packets: sent }, () => [
        ...sent.flatMap(lines),
        ...(sent.length > 1 || options.budget !== undefined ? [inAll(sent.length, sums)] : []),
        ...(unsent > 0 ? [`${unsent} more not sent: the budget does not cover the next`] : []),
      ]);
      context.exit(ok ? 0 : 1);
    });
}

/** As far as is known: who asks for nothing hears nothing. */
const ARRIVED: ReadonlySet<SentPacket['result']> = new Set(['sent', 'delivered', 'answered']);

function sum(sent: readonly SentPacket[], of: (packet: SentPacket) => number): number {
  return sent.reduce((all, packet) => all + of(packet), 0);
}

function cost(sent: readonly SentPacket[]): number {
  return sum(sent, ({ costUnits }) => costUnits);
}

interface Sums {
  readonly sentUnits: number;
  readonly cameUnits: number;
  readonly costUnits: number;
  readonly budgetUnits?: number;
}

function inAll(packets: number, { sentUnits, cameUnits, costUnits, budgetUnits }: Sums): string {
  const budget = budgetUnits === undefined ? '' : `, of a budget of ${budgetUnits}`;
  return `${packets} packets: ${sentUnits} units sent, ${cameUnits} came back: they cost ${costUnits}${budget}`;
}

/** What the answers carry, one after the other. Throws `FILE_UNWRITABLE`. */
async function save(file: string, sent: readonly SentPacket[]): Promise<void> {
  const payloads = sent.flatMap(({ replies }) => replies.map(({ payload }) => Buffer.from(payload, 'base64')));
  try {
    await writeFile(file, Buffer.concat(payloads));
  } catch (cause) {
    throw new WayleaveError('FILE_UNWRITABLE', { file }, cause);
  }
}

async function sendParts(
  api: NodeApi,
  to: string,
  all: readonly Buffer[],
  { value, margin, replies, receipt = false, budget = Number.POSITIVE_INFINITY, wait }: SendOptions,
): Promise<SentPacket[]> {
  const sent: SentPacket[] = [];
  for (const part of all) {
    const bytes = part.length;
    const worth = value ?? Math.ceil((((await api.quote(to, bytes)) ?? 0) * (100 + margin)) / 100);
    if (cost(sent) + worth > budget) break;
    const payload = part.toString('base64');
    const how = { replies, receipt, waitMs: wait };
    sent.push(
      await api.sendPacket({ to, ...(value === undefined ? { marginPercent: margin } : { value }), payload, ...how }),
    );
  }
  return sent;
}

async function quote(context: CommandContext, api: NodeApi, to: string, bytes: Buffer): Promise<void> {
  const prices: number[] = [];
  for (const part of parts(bytes)) {
    const price = await api.quote(to, part.length);
    if (price === null) throw new WayleaveError('PACKET_NO_ROUTE', { to });
    prices.push(price);
  }
  const sum = prices.reduce((total, price) => total + price, 0);
  answer(context, { ok: true, to, prices, sum }, () => [
    `${sum} units for ${prices.length} packet${prices.length === 1 ? '' : 's'}`,
  ]);
}

function parts(bytes: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / MAX_PAYLOAD_BYTES));
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * MAX_PAYLOAD_BYTES, (n + 1) * MAX_PAYLOAD_BYTES));
}

/** More answers than this are counted, not listed. */
const MOST_LISTED = 10;

function lines(packet: SentPacket): string[] {
  const { replies } = packet;
  const listed = replies.slice(0, MOST_LISTED).map(({ value, payload }) => {
    return `  answer: ${value} units, ${payloadText(Buffer.from(payload, 'base64'))}`;
  });
  const more = replies.length - listed.length;
  return [line(packet), ...listed, ...(more > 0 ? [`  and ${more} answers more`] : [])];
}

function line({ quote, result, sentUnits, cameUnits, costUnits, receipt, delivery }: SentPacket): string {
  const arrived = delivery === undefined ? '' : `, ${delivery.arrivedUnits} arrived`;
  const path = typeof quote === 'number' ? ` (the path takes ${quote})` : '';
  const units = `${sentUnits} units sent${path}${arrived}, ${cameUnits} came back: it cost ${costUnits}`;
  if (result === 'underfunded')
    return `${result}: ${units}; it is less than the path takes, and nothing was heard of it`;
  if (receipt === undefined) return `${result}: ${units}`;
  const wanted = receipt.wanted > 0 ? `, which wanted ${receipt.wanted}` : '';
  return `${result} (${receipt.reason}) by ${receipt.refusedBy}${wanted}: ${units}`;
}
