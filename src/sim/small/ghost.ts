/** What one node really sold to the other, in millionths of a unit: known to nobody inside. */
export interface Sold {
  /** Sent or granted and used; it may be lost on the way. */
  sent: number;
  /** Got by the buyer: delivered to it, or carried for it. */
  got: number;
}

/** What really happened, whatever either node remembers of it. The laws compare books with this. */
export class Ghost {
  /** By seller. */
  readonly sold: readonly [Sold, Sold] = [
    { sent: 0, got: 0 },
    { sent: 0, got: 0 },
  ];
  /** Units on the largest cheque that reached each node. */
  readonly reached: [number, number] = [0, 0];
  /** Units that each node, as a seller, knows the other admits. A crash of the seller may forget it. */
  readonly admitted: [number, number] = [0, 0];
  /** The chain answers: chequebooks can be looked up. */
  chainAnswers = false;
  /** Connections made: at each the books may round once more. */
  connects = 0;
  crashed = false;
  /** A law that was broken while something happened. */
  broken: string | undefined;

  served(seller: 0 | 1, bytes: number, price: number): void {
    this.sold[seller].sent += bytes * price;
  }

  delivered(seller: 0 | 1, bytes: number, price: number): void {
    this.sold[seller].got += bytes * price;
  }

  used(buyer: 0 | 1, bytes: number, price: number): void {
    this.sold[buyer === 0 ? 1 : 0].sent += bytes * price;
  }

  uploaded(seller: 0 | 1, bytes: number, price: number): void {
    this.sold[seller].got += bytes * price;
  }

  get values(): readonly number[] {
    const [a, b] = this.sold;
    return [
      a.sent,
      a.got,
      b.sent,
      b.got,
      ...this.reached,
      ...this.admitted,
      this.connects,
      Number(this.crashed),
      Number(this.chainAnswers),
    ];
  }
}
