import { isGenuineReceipt, signReceipt } from '../chain/receipt-signing.ts';
import type { Signer } from '../chain/signer.ts';
import type { Clock } from '../core/clock.ts';
import type { Units } from '../core/units.ts';
import { TokenBucket } from '../link/token-bucket.ts';
import { type Delivered, deliveredPacket, packetId, packetPayload } from '../wire/packet.ts';

/** A signature takes some 40 µs: receipts take at most a twentieth of a processor, whoever asks for how many. */
const RECEIPTS_PER_SECOND = 1_000;
const RECEIPTS_AT_ONCE = 2_000;

/** Signs receipts for packets that are for this node, and looks at those of others. */
export class ReceiptDesk {
  /** Receipts given, and not given because too many were asked for. */
  given = 0;
  skipped = 0;
  readonly #signer: Signer;
  readonly #bucket: TokenBucket;

  constructor(signer: Signer, clock: Clock) {
    this.#signer = signer;
    this.#bucket = new TokenBucket(clock, RECEIPTS_PER_SECOND, RECEIPTS_AT_ONCE);
  }

  /** The receipt for a packet that arrived with `value`; undefined where more are asked for than are signed. */
  receiptFor(packet: Buffer, value: Units): Buffer | undefined {
    if (!this.#bucket.take()) {
      this.skipped += 1;
      return undefined;
    }
    this.given += 1;
    return deliveredPacket(
      packet,
      signReceipt(this.#signer, { id: packetId(packet), value, payload: packetPayload(packet) }),
    );
  }
}

/** True when the destination itself says that this very payload arrived. */
export function isGenuine({ destination, id, signature, value }: Delivered, payload: Uint8Array): boolean {
  return isGenuineReceipt({ destination, id, value, payload }, signature);
}
