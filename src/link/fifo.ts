/** How many empty places may stand at the front before they are cut off. */
const SLACK = 256;

/** A queue whose `shift` does not move the rest. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    const items = this.#items;
    if (this.#head === items.length) return undefined;
    const item = items[this.#head++];
    if (this.#head === items.length) {
      items.length = 0;
      this.#head = 0;
    } else if (this.#head > SLACK && this.#head * 2 > items.length) {
      items.splice(0, this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** The item that has `behind` others behind it. */
  fromEnd(behind: number): T | undefined {
    return behind < this.length ? this.#items[this.#items.length - 1 - behind] : undefined;
  }

  /** Puts an item in front of the last `behind` ones. */
  pushBefore(behind: number, item: T): void {
    this.#items.splice(this.#items.length - behind, 0, item);
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
