import type { PricePerMb } from '../units.ts';

/** Below what one charge may cover, which a long allotment may pass. */
const TOGETHER_BYTES = 2 ** 20;

/** What was bought of one neighbour, told in few words: frames bought at one price are told together, and an average does not mind. */
export class Purchases {
  told: (bytes: number, pricePerMb: PricePerMb) => void = () => undefined;
  #bytes = 0;
  #perMb: PricePerMb = 0;

  note(bytes: number, pricePerMb: PricePerMb): void {
    if (pricePerMb !== this.#perMb || this.#bytes + bytes > TOGETHER_BYTES) this.tell();
    this.#perMb = pricePerMb;
    this.#bytes += bytes;
  }

  /** Tells what has not been told: with the next record at the latest. */
  tell(): void {
    for (let piece = 0; this.#bytes > 0; this.#bytes -= piece) {
      piece = Math.min(this.#bytes, TOGETHER_BYTES);
      this.told(piece, this.#perMb);
    }
  }
}
