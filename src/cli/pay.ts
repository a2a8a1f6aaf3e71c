import { Command } from 'commander';
import { neighbourOf } from './ledger-source.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { asTyped, sameNode } from './program-name.ts';
import { answer, type CommandContext } from './terminal.ts';
import { whole } from './whole-number.ts';

interface PayOptions extends ApiOptions {
  readonly ahead: number;
}

/** `wayleave pay` */
export function payCommand(context: CommandContext): Command {
  return withApiOptions(new Command('pay'))
    .description(
      'Lets the running node pay now what it owes, though it is not due yet. With --ahead it pays so much beyond it: a ' +
        'neighbour that takes your value packets on no credit takes them against that. What is paid ahead is lost if the ' +
        'neighbour vanishes, so it stays below what that neighbour may owe you (payAt; prepay_units in [packets] adds to it).',
    )
    .argument('[neighbour]', 'name or node id, or the beginning of the id; without it: everyone')
    .option('--ahead <units>', 'paid beyond what is owed', whole, 0)
    .option('--json', 'answer in JSON')
    .action(async (neighbour: string | undefined, { ahead, ...options }: PayOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      const to = neighbour === undefined ? {} : { neighbour: await neighbourOf(api, neighbour) };
      await api.settle({ ...to, aheadUnits: ahead });
      answer(context, { ok: true, ...to, aheadUnits: ahead }, () => [
        asTyped(`The node pays; "wayleave status${sameNode(options)}" shows what was paid.`, context.terminal),
      ]);
    });
}
