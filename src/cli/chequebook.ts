import { Command, InvalidArgumentError } from 'commander';
import { type NodeId, nodeId } from '../core/node-id.ts';
import { chequebookByKey } from './chequebook-by-key.ts';
import { neighbourOf } from './ledger-source.ts';
import { type ApiOptions, type ChequebookAnswer, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext } from './terminal.ts';

interface ChequebookOptions extends ApiOptions {
  readonly for?: string;
  readonly chequebook?: string;
  readonly key?: string;
  readonly passwordFile?: string;
  readonly insecurePlainKey?: true;
  readonly owner?: string;
}

/** What can be done, in the words of the command line, and what it needs. */
const ACTIONS = {
  deposit: { kind: 'deposit', needs: 'amount' },
  announce: { kind: 'announceWithdrawal', needs: 'amount' },
  withdraw: { kind: 'withdraw', needs: 'nothing' },
  reserve: { kind: 'reserve', needs: 'both' },
  free: { kind: 'announceRelease', needs: 'both' },
  release: { kind: 'release', needs: 'beneficiary' },
  replace: { kind: 'replace', needs: 'amount' },
  deploy: { kind: 'deploy', needs: 'amount' },
} as const;

/** As the API takes it. */
export interface WrittenOrder {
  readonly kind: (typeof ACTIONS)[keyof typeof ACTIONS]['kind'];
  readonly wei?: string;
  readonly beneficiary?: NodeId;
  readonly chequebook?: NodeId;
}

/** `wayleave chequebook [ACTION] [WEI]` */
export function chequebookCommand(context: CommandContext): Command {
  return withApiOptions(new Command('chequebook'))
    .description(
      'Shows what the chequebook of the running node holds and has promised, or does something with it: deposit WEI; ' +
        'announce WEI (a withdrawal, 0 takes it back), then withdraw after the freeze period; reserve WEI --for ID sets ' +
        'coin aside for one neighbour, free WEI --for ID announces to end that, release --for ID ends it after the ' +
        'freeze period; replace WEI pays from a new chequebook from now on, while cheques on the old one stay good. ' +
        'With --key no node need run: the key in FILE does it, for an owner kept apart from the node, and deploy WEI makes ' +
        'a chequebook that several nodes of an operator share.',
    )
    .argument('[action]', Object.keys(ACTIONS).join(', '), action)
    .argument('[wei]', 'the amount', amount)
    .option('--for <neighbour>', 'its name or node id; with --key its node id')
    .option('--chequebook <address>', 'an earlier chequebook of this node')
    .option('--key <file>', 'do it with this key and the chain of the configuration, without the node')
    .option('--password-file <file>', 'file with the password of that key')
    .option('--insecure-plain-key', 'that key is not encrypted: for demonstrations only')
    .option(
      '--owner <id>',
      'deploy: who alone can take coin out of it; the key in FILE, which signs its cheques, unless given',
    )
    .option('--json', 'answer in JSON')
    .action(async (name: keyof typeof ACTIONS | undefined, wei: string | undefined, options: ChequebookOptions) => {
      if (options.key !== undefined) {
        const order = name === undefined ? undefined : orderOf(name, wei, options);
        return chequebookByKey(context, order, { ...options, key: options.key });
      }
      if (name === 'deploy') throw new InvalidArgumentError('It needs --key.');
      const api = NodeApi.find(options, context.terminal.folder);
      if (name === undefined) {
        const { chequebooks } = await api.chequebooks();
        return answer(context, { ok: true, chequebooks }, () =>
          chequebooks.length === 0 ? ['This node has no chequebook.'] : chequebooks.flatMap(lines),
        );
      }
      const who = options.for === undefined ? {} : { for: await neighbourOf(api, options.for) };
      const { chequebook, transaction } = await api.orderChequebook(orderOf(name, wei, { ...options, ...who }));
      answer(context, { ok: true, chequebook, transaction }, () => [
        name === 'replace'
          ? `Payments go out from ${chequebook} now (transaction ${transaction}).`
          : `Done, by transaction ${transaction}.`,
      ]);
    });
}

function orderOf(name: keyof typeof ACTIONS, wei: string | undefined, options: ChequebookOptions): WrittenOrder {
  const { kind, needs } = ACTIONS[name];
  if ((needs === 'amount' || needs === 'both') && wei === undefined)
    throw new InvalidArgumentError('It needs an amount.');
  const who = options.for;
  if ((needs === 'beneficiary' || needs === 'both') && who === undefined)
    throw new InvalidArgumentError('It needs --for.');
  return {
    kind,
    ...(wei === undefined ? {} : { wei }),
    ...(who === undefined ? {} : { beneficiary: nodeId(who) }),
    ...(options.chequebook === undefined ? {} : { chequebook: nodeId(options.chequebook) }),
  };
}

function lines(book: ChequebookAnswer): string[] {
  const { address, balanceWei, current, freeWei, paidOutWei, promisedWei, reservedWei, withdrawableAtS } = book;
  const withdrawal =
    withdrawableAtS === undefined
      ? []
      : [
          `  a withdrawal of ${book.withdrawalWei} is announced, from ${new Date(withdrawableAtS * 1_000).toISOString()} on`,
        ];
  return [
    `${address}${current ? '' : ' (earlier)'}`,
    `  holds ${balanceWei}, has paid out ${paidOutWei}, promised ${promisedWei} in all, ${reservedWei} set aside (wei)`,
    `  ${freeWei} may still be promised`,
    ...withdrawal,
  ];
}

function action(text: string): string {
  if (!Object.hasOwn(ACTIONS, text))
    throw new InvalidArgumentError(`It must be one of ${Object.keys(ACTIONS).join(', ')}.`);
  return text;
}

function amount(text: string): string {
  if (!/^\d{1,78}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of wei.');
  return text;
}
