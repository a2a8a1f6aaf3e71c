import type { Command } from 'commander';
import type { CommandContext } from './terminal.ts';

/** A command as the list of all knows it. Its own file is loaded when it is called for, so that the others stay quick. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(context: CommandContext): Promise<Command>;
}

/** Every command, in the order of `wayleave help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'make a data folder: a key and a commented configuration',
    load: async (context) => (await import('./init.ts')).initCommand(context),
  },
  {
    name: 'up',
    summary: 'run a node until Ctrl-C',
    load: async (context) => (await import('./up.ts')).upCommand(context),
  },
  {
    name: 'status',
    summary: 'show the links of the running node',
    load: async (context) => (await import('./status.ts')).statusCommand(context),
  },
  {
    name: 'ledger',
    summary: 'explain every unit on a link',
    load: async (context) => (await import('./ledger.ts')).ledgerCommand(context),
  },
  {
    name: 'history',
    summary: 'show how neighbours have paid',
    load: async (context) => (await import('./history.ts')).historyCommand(context),
  },
  {
    name: 'lab',
    summary: 'run a neighbourhood of five nodes on this machine',
    load: async (context) => (await import('./lab.ts')).labCommand(context),
  },
  {
    name: 'chain',
    summary: 'run a development chain for nodes on this machine',
    load: async (context) => (await import('./chain.ts')).chainCommand(context),
  },
  {
    name: 'proxy',
    summary: 'show how programs use the node, and try it',
    load: async (context) => (await import('./proxy.ts')).proxyCommand(context),
  },
  {
    name: 'send',
    summary: 'send value to a node anywhere on the network',
    load: async (context) => (await import('./send.ts')).sendCommand(context),
  },
  {
    name: 'receive',
    summary: 'show the value packets that come for this node',
    load: async (context) => (await import('./receive.ts')).receiveCommand(context),
  },
  {
    name: 'serve',
    summary: 'answer requests that carry value, for a price',
    load: async (context) => (await import('./serve.ts')).serveCommand(context),
  },
  {
    name: 'pay',
    summary: 'pay a neighbour now, or ahead',
    load: async (context) => (await import('./pay.ts')).payCommand(context),
  },
  {
    name: 'methods',
    summary: 'show or switch how neighbours pay',
    load: async (context) => (await import('./methods.ts')).methodsCommand(context),
  },
  {
    name: 'chequebook',
    summary: 'show, fill, empty or replace the chequebook of the node',
    load: async (context) => (await import('./chequebook.ts')).chequebookCommand(context),
  },
  {
    name: 'cash',
    summary: 'hand in the cheques of neighbours, or show what that would bring',
    load: async (context) => (await import('./cash.ts')).cashCommand(context),
  },
  {
    name: 'channel',
    summary: 'show and close channels, or write down what another machine needs to watch them',
    load: async (context) => (await import('./channel.ts')).channelCommand(context),
  },
  {
    name: 'watch',
    summary: 'answer old states of channels for a node that may be off',
    load: async (context) => (await import('./watch.ts')).watchCommand(context),
  },
  {
    name: 'backup',
    summary: 'copy books, key and configuration into a folder',
    load: async (context) => (await import('./backup.ts')).backupCommand(context),
  },
  {
    name: 'restore',
    summary: 'put a backup in place',
    load: async (context) => (await import('./restore.ts')).restoreCommand(context),
  },
  {
    name: 'sim',
    summary: 'try the code in simulated worlds where things go wrong',
    load: async (context) => (await import('./sim.ts')).simCommand(context),
  },
  {
    name: 'export',
    summary: 'write the books to a file, for another store',
    load: async (context) => (await import('./export.ts')).exportCommand(context),
  },
  {
    name: 'import',
    summary: 'put exported books into an empty store',
    load: async (context) => (await import('./import.ts')).importCommand(context),
  },
  {
    name: 'help',
    summary: 'explain a command, or print a page of the manual',
    load: async (context) => (await import('./help.ts')).helpCommand(context),
  },
];
