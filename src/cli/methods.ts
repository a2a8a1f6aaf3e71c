import { Argument, Command } from 'commander';
import { PAYMENT_METHODS } from '../core/terms/terms.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { answer, type CommandContext } from './terminal.ts';

/** `wayleave methods [METHOD...]` */
export function methodsCommand(context: CommandContext): Command {
  return withApiOptions(new Command('methods'))
    .description(
      'Shows by what the running node is paid and pays, or switches it: best first, some or all of those under ' +
        '[settlement] in its configuration. Neighbours hear of it at once; what was paid or is under way by one method ' +
        'stays with it. It holds until the node ends.',
    )
    .addArgument(new Argument('[method...]', 'best first').choices(PAYMENT_METHODS))
    .option('--json', 'answer in JSON')
    .action(async (wanted: readonly string[], options: ApiOptions) => {
      const api = NodeApi.find(options, context.terminal.folder);
      const { configured, methods } = wanted.length === 0 ? await api.methods() : await api.useMethods(wanted);
      answer(context, { ok: true, methods, configured }, () => [
        `Neighbours may pay by ${methods.join(', ')}.`,
        `Configured: ${configured.join(', ')}.`,
      ]);
    });
}
