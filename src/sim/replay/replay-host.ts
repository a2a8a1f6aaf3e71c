import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createKeystore, openKeystore } from '../../chain/keystore.ts';
import type { Signer } from '../../chain/signer.ts';
import { WayleaveError } from '../../core/errors.ts';
import { HostedNode } from './hosted-node.ts';
import type { HostAnswers, HostEnvelope, HostReply, HostRequest } from './replay-message.ts';

/*
 * The program of one process of a replay: a production node on real ports, told what to trade by who started it. Nothing
 * of this is in a node that people run. It ends when it is let go of, however that came about.
 */

const KEY_NAME = 'key.json';

let signer: Signer | undefined;
let node: HostedNode | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (envelope) => void answer(envelope as HostEnvelope));

async function answer({ number, request }: HostEnvelope): Promise<void> {
  const reply = await act(request).then(
    (done): HostReply => ({ number, answer: done }),
    (error: unknown): HostReply => ({ number, failed: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
}

async function act(request: HostRequest): Promise<HostAnswers[keyof HostAnswers]> {
  switch (request.ask) {
    case 'key':
      signer = await ownKey(join(request.folder, KEY_NAME));
      return signer.id;
    case 'open':
      if (signer === undefined) throw new WayleaveError('KEYSTORE_MISSING', { path: KEY_NAME });
      node = await HostedNode.open(request.config, signer);
      return node.listen;
    case 'want':
      return node?.want(request) ?? false;
    case 'look':
      return node?.look() ?? { solvent: false, links: [] };
    default:
      await node?.close();
      node = undefined;
      return undefined;
  }
}

/** Made by the process that signs with it, and by nobody else ever read. */
async function ownKey(path: string): Promise<Signer> {
  return existsSync(path)
    ? openKeystore({ path, insecure: true })
    : createKeystore({ path, insecure: true, randomBytes });
}
