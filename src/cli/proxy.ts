import { Command } from 'commander';
import { WayleaveError } from '../core/errors.ts';
import { loadConfig } from '../node/load-config.ts';
import { type ApiOptions, NodeApi, withApiOptions } from './node-api.ts';
import { configFile } from './node-folder.ts';
import { asTyped, sameNode } from './program-name.ts';
import { answer, type CommandContext } from './terminal.ts';
import { type ProxyTarget, tryProxy } from './try-proxy.ts';

interface ProxyOptions extends ApiOptions {
  readonly test?: string;
}

/** `wayleave proxy` */
export function proxyCommand(context: CommandContext): Command {
  return withApiOptions(new Command('proxy'))
    .description('Shows how programs of this machine use the running node, and tries it.')
    .option('--test <url>', 'fetch this http or https address through the proxy')
    .option('--json', 'answer in JSON')
    .action(async (options: ProxyOptions) => {
      const proxy = await findProxy(options, context);
      if (options.test === undefined)
        answer(context, shown(proxy), () =>
          usage(proxy, asTyped(`wayleave proxy${sameNode(options)}`, context.terminal)),
        );
      else {
        const result = await tryProxy(proxy, options.test);
        answer(context, { ok: true, url: options.test, ...result }, () => [
          `${options.test} answered ${result.status}: ${result.bytes} bytes in ${(result.ms / 1000).toFixed(2)} s`,
        ]);
      }
    });
}

async function findProxy(options: ProxyOptions, { terminal }: CommandContext): Promise<ProxyTarget> {
  const status = await NodeApi.find(options, terminal.folder).status();
  const address = status.httpProxy ?? status.socks;
  if (address === undefined) throw new WayleaveError('PROXY_OFF');
  const credentials =
    options.url === undefined ? loadConfig(configFile(options.config, terminal.folder)).proxy : undefined;
  return { address, username: credentials?.username, password: credentials?.password };
}

function shown({ address, username }: ProxyTarget): object {
  return { ok: true, address, socks: `socks5h://${address}`, http: `http://${address}`, username };
}

function usage({ address, username }: ProxyTarget, command: string): string[] {
  const user = username === undefined ? '' : ` --proxy-user ${username}`;
  return [
    `The proxy listens on ${address}, for SOCKS5 and for HTTP CONNECT alike.`,
    '',
    `  curl --socks5-hostname ${address}${user} https://example.com/`,
    `  curl --proxytunnel --proxy http://${address}${user} https://example.com/`,
    `  chromium --proxy-server=socks5://${address}`,
    '  Firefox: Settings, Network Settings, Manual, SOCKS v5 host, and "Proxy DNS when using SOCKS v5"',
    '',
    `Try it: ${command} --test https://example.com/`,
  ];
}
