import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { ChannelStatus } from '../node/node.ts';
import { writeChannels } from './channel-export.ts';
import { findLink } from './ledger-source.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext } from './terminal.ts';
import { textTable } from './text-table.ts';

interface ChannelOptions extends ApiOptions {
  readonly alone?: true;
}

const ACTIONS = ['list', 'close', 'export'] as const;
type Action = (typeof ACTIONS)[number];

/** `wayleave channel [ACTION] [WHAT]` */
export function channelCommand(context: CommandContext): Command {
  return withApiOptions(new Command('channel'))
    .description(
      'Shows the channels of the running node, or does something with them: close NEIGHBOUR asks the neighbour to sign the ' +
        'totals and closes in one transaction, with --alone without it, after the freeze period; export FILE writes the ' +
        'newest totals that neighbours signed, for wayleave watch on another machine.',
    )
    .argument('[action]', 'list, close or export', action, 'list')
    .argument('[what]', 'the neighbour (name or id), or the file; it is replaced whole if it is there')
    .option('--alone', 'close without the neighbour: it starts the freeze period, and the node finishes after it')
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nThe file holds no key. A total signed after it was written is not in it: write it often.')
    .action(async (name: Action, what: string | undefined, options: ChannelOptions) => {
      if (name !== 'list' && what === undefined) throw new InvalidArgumentError('It needs a neighbour, or a file.');
      const api = NodeApi.find(options, context.terminal.folder);
      if (name === 'close') return close(context, api, { wanted: what ?? '', alone: options.alone === true });
      const channels = await api.channels();
      if (name === 'list') return answer(context, { ok: true, channels }, () => lines(channels));
      const file = resolve(context.terminal.folder, what ?? '');
      writeChannels(file, channels);
      answer(context, { ok: true, file, channels: channels.length }, () => [
        `${channels.length} channels now stand in ${file}.`,
      ]);
    });
}

async function close(
  context: CommandContext,
  api: NodeApi,
  { alone, wanted }: { wanted: string; alone: boolean },
): Promise<void> {
  const { links } = await api.status();
  const { id } = findLink(
    links.map(({ name, neighbour }) => ({ id: neighbour, name })),
    wanted,
  );
  await api.closeChannel(id, alone);
  answer(context, { ok: true, neighbour: id, alone }, () => [
    alone ? 'The freeze period runs; the node finishes after it.' : 'Closed, and paid out.',
  ]);
}

function lines(channels: readonly ChannelStatus[]): string[] {
  if (channels.length === 0) return ['There is no channel.'];
  const headings = ['channel', 'neighbour', 'state', 'mine>', 'theirs>', 'paid>', 'received>'];
  const rows = channels.map((each) => [
    each.channel,
    each.neighbour,
    state(each),
    ...[each.depositedWei, each.theirDepositedWei, each.paidWei, each.receivedWei],
  ]);
  return [...textTable(headings, rows), '', 'Amounts in wei: what each put in, and what was signed in all.'];
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
