/** Of this buffer, the bytes that nobody has used up yet. */
const LEFT = Symbol('left');

type Counted = ArrayBufferLike & { [LEFT]?: number };

/**
 * Says that nobody but the holder of `bytes` knows their buffer, which was made for them alone. Who uses up a part of it
 * says so by `spent`; with the last byte the memory is given back at once. Else it is left to the garbage collector, which
 * then does half the work of a relay: it is called for each few megabytes that pass, and walks all that lives. A part of a
 * buffer that was given back has the length 0: count before you spend.
 */
export function lend(bytes: Uint8Array): void {
  const buffer: Counted = bytes.buffer;
  if (bytes.length === buffer.byteLength) buffer[LEFT] = bytes.length;
}

/**
 * `count` of these bytes will not be looked at again, by anybody: each byte may be spent once. Nothing happens to buffers
 * that were not lent, and none is given back that was not spent whole.
 */
export function spent({ buffer }: { readonly buffer: ArrayBufferLike }, count: number): void {
  const left = (buffer as Counted)[LEFT];
  if (left === undefined) return;
  (buffer as Counted)[LEFT] = left - count;
  if (left === count && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
