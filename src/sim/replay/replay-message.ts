import type { NodeId } from '../../core/node-id.ts';
import type { NodeConfig } from '../../node/config.ts';

/** What a replay asks of the process of one node. */
export type HostRequest =
  | { readonly ask: 'key'; readonly folder: string }
  | { readonly ask: 'open'; readonly config: NodeConfig }
  | { readonly ask: 'want'; readonly kind: 'serve' | 'upload'; readonly neighbour: NodeId; readonly bytes: number }
  | { readonly ask: 'look' }
  | { readonly ask: 'close' };

/** The process tells its node's id, made with its key or read from its folder; where it listens; how it stands. */
export interface HostAnswers {
  readonly key: NodeId;
  readonly open: string;
  readonly want: boolean;
  readonly look: HostLook;
  readonly close: undefined;
}

export interface HostLook {
  /** There is a chequebook to pay from. */
  readonly solvent: boolean;
  readonly links: readonly LinkLook[];
}

/** One end of a link, as its process has it at this moment. Units. */
export interface LinkLook {
  readonly neighbour: NodeId;
  readonly provided: number;
  readonly consumed: number;
  readonly paid: number;
  readonly received: number;
  /** Connected, a channel to buy through is open, nothing waits to be sent, and nothing is due or being paid. */
  readonly still: boolean;
  /** All of that is on its disk. */
  readonly written: boolean;
}

/** Travels by Node's own channel between processes, as structured clones. */
export interface HostEnvelope {
  readonly number: number;
  readonly request: HostRequest;
}

export interface HostReply {
  readonly number: number;
  readonly answer?: HostAnswers[keyof HostAnswers];
  /** What went wrong instead, in words. */
  readonly failed?: string;
}
