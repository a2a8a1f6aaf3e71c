import type { ResetCode } from '../link/link.ts';
import type { Destination } from '../wire/open-request.ts';

/** What a proxy protocol makes of the bytes a client has sent so far. */
export type HandshakeStep =
  /** Send `reply`, if any, and wait for more bytes. */
  | { readonly kind: 'more'; readonly reply?: Uint8Array }
  /** Send `reply` and end the connection. */
  | { readonly kind: 'refuse'; readonly reply: Uint8Array }
  /** Open a stream. `rest` came after the request and belongs to the stream. `reply` (of a step before) goes out at once. */
  | {
      readonly kind: 'connect';
      readonly destination: Destination;
      readonly rest: Uint8Array;
      readonly reply?: Uint8Array;
    };

/** The server's side of a proxy protocol, apart from any socket: bytes in, steps out. */
export interface ProxyHandshake {
  /** Takes the next bytes, in pieces of any size. Not called again after `refuse` or `connect`. Never throws. */
  feed(bytes: Uint8Array): HandshakeStep;
  /** The answer when the stream is open. */
  granted(): Uint8Array;
  /** The answer when it cannot be opened. */
  refused(code: ResetCode): Uint8Array;
}

/** Decides over a user name and a password; undefined where the proxy asks for none. */
export type Authenticate = ((user: string, password: string) => boolean) | undefined;

/** The bytes of a handshake until it is complete. */
export class HandshakeBuffer {
  bytes: Uint8Array = new Uint8Array(0);

  append(more: Uint8Array): void {
    if (this.bytes.length === 0) {
      this.bytes = more;
      return;
    }
    const joined = new Uint8Array(this.bytes.length + more.length);
    joined.set(this.bytes);
    joined.set(more, this.bytes.length);
    this.bytes = joined;
  }

  /** Takes the first `count` bytes away. */
  take(count: number): Uint8Array {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }
}
