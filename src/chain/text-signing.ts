import type { NodeId } from '../core/node-id.ts';
import { keccak256 } from './keccak.ts';
import { recoverSigner, type Signer } from './signer.ts';

/**
 * A text signed as wallets sign them (EIP-191, version 0x45), so that anybody's tool can check it. The prefix keeps it
 * apart from everything that moves money, which is typed data (version 0x01).
 */
export interface SignedText {
  readonly text: string;
  readonly signer: NodeId;
  /** `0x` and 65 bytes in hexadecimal. */
  readonly signature: string;
}

export function signText(signer: Signer, text: string): SignedText {
  return { text, signer: signer.id, signature: `0x${Buffer.from(signer.signDigest(digestOf(text))).toString('hex')}` };
}

/** True when the node it names did sign it. Never throws. */
export function isGenuineText({ text, signer, signature }: SignedText): boolean {
  if (!/^0x[0-9a-f]{130}$/.test(signature)) return false;
  return recoverSigner(digestOf(text), Buffer.from(signature.slice(2), 'hex')) === signer;
}

function digestOf(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  return keccak256(Buffer.concat([Buffer.from(`\x19Ethereum Signed Message:\n${bytes.length}`, 'utf8'), bytes]));
}
