import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { NodeId } from '../core/node-id.ts';
import type { ChannelStatus } from '../node/node.ts';
import { writeChannels } from './channel-export.ts';
import { namesOf, neighbourOf } from './ledger-source.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext, type Terminal } from './terminal.ts';
import { textTable } from './text-table.ts';

interface ChannelOptions extends ApiOptions {
  readonly alone?: true;
}

const ACTIONS = ['list', 'withdraw', 'close', 'export'] as const;
type Action = (typeof ACTIONS)[number];

/** `wayleave channel [ACTION] [WHAT]` */
export function channelCommand(context: CommandContext): Command {
  return withApiOptions(new Command('channel'))
    .description(
      'Shows the channels of the running node, or does something with them: withdraw NEIGHBOUR [WEI] takes out what is ' +
        'free, or so much of it, and leaves the channel open, if the neighbour signs; close NEIGHBOUR asks it to sign the ' +
        'totals and closes in one transaction, with --alone without it, after the freeze period; export FILE writes the ' +
        'newest totals that neighbours signed, for wayleave watch on another machine.',
    )
    .argument('[action]', 'list, withdraw, close or export', action, 'list')
    .argument('[what]', 'the neighbour (name or id), or the file; it is replaced whole if it is there')
    .argument('[wei]', 'how much to take out', amount)
    .option('--alone', 'close without the neighbour: it starts the freeze period, and the node finishes after it')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nThe file holds no key. A total signed after it was written is not in it: write it often.')
    .action(async (name: Action, what: string | undefined, wei: string | undefined, options: ChannelOptions) => {
      if (name !== 'list' && what === undefined) throw new InvalidArgumentError('It needs a neighbour, or a file.');
      const api = NodeApi.find(options, context.terminal.folder);
      if (name === 'withdraw') return withdraw(context, api, { wanted: what ?? '', wei });
      if (name === 'close') return close(context, api, { wanted: what ?? '', alone: options.alone === true });
      const channels = await api.channels();
      if (name === 'list') return list(context, api, channels);
      const file = resolve(context.terminal.folder, what ?? '');
      writeChannels(file, channels);
      answer(context, { ok: true, file, channels: channels.length }, () => [
        `${channels.length} channels now stand in ${file}.`,
      ]);
    });
}

async function list(context: CommandContext, api: NodeApi, channels: readonly ChannelStatus[]): Promise<void> {
  const named = await namesOf(api);
  answer(context, { ok: true, channels }, () => lines(channels, named, context.terminal));
}

async function close(
  context: CommandContext,
  api: NodeApi,
  { alone, wanted }: { wanted: string; alone: boolean },
): Promise<void> {
  const id = await neighbourOf(api, wanted);
  const channel = await api.closeChannel(id, alone);
  answer(context, { ok: true, neighbour: id, alone, channel }, () => [
    alone
      ? `It is ${state(channel)}; the node finishes after that.`
      : `Closed, and ${payoutWei(channel)} wei paid out to this node.`,
  ]);
}

/** What is left of its deposit, and what it was paid. */
function payoutWei({ depositedWei, paidWei, receivedWei, withdrawnWei }: ChannelStatus): bigint {
  return BigInt(depositedWei) - BigInt(withdrawnWei) - BigInt(paidWei) + BigInt(receivedWei);
}

async function withdraw(
  context: CommandContext,
  api: NodeApi,
  { wanted, wei }: { wanted: string; wei: string | undefined },
): Promise<void> {
  const id = await neighbourOf(api, wanted);
  const taken = await api.withdrawFromChannel({ neighbour: id, ...(wei !== undefined && { wei }) });
  answer(context, { ok: true, neighbour: id, ...taken }, () => [
    `Took out ${taken.wei} wei (transaction ${taken.transaction}); the channel stays open.`,
  ]);
}

function lines(channels: readonly ChannelStatus[], named: (id: NodeId) => string, { columns }: Terminal): string[] {
  if (channels.length === 0) return ['There is no channel.'];
  const headings = ['channel', 'neighbour', 'state', 'mine>', 'theirs>', 'paid>', 'received>', 'taken out>'];
  const rows = channels.map((each) => [
    each.channel,
    named(each.neighbour),
    state(each),
    ...[each.depositedWei, each.theirDepositedWei, each.paidWei, each.receivedWei, each.withdrawnWei],
  ]);
  return [
    ...textTable(headings, rows, columns),
    '',
    'Amounts in wei: what each put in, what was signed in all, and what this node took out.',
  ];
}

function state({ closesAtS, state: word }: ChannelStatus): string {
  if (word !== 'closing' || closesAtS === undefined) return word;
  return `closing until ${new Date(closesAtS * 1000).toISOString()}`;
}

function action(text: string): Action {
  const found = ACTIONS.find((each) => each === text);
  if (found === undefined) throw new InvalidArgumentError(`It must be one of ${ACTIONS.join(', ')}.`);
  return found;
}

function amount(text: string): string {
  if (!/^\d{1,78}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of wei.');
  return text;
}
