import { isIPv4, isIPv6 } from 'node:net';

/** The 4 or 16 bytes of an address written as text, undefined when it is not one. Zones (`fe80::1%eth0`) are not addresses here. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const [left = '', right] = unmixed(text).split('::');
  const front = groups(left);
  const back = groups(right ?? '');
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  front.forEach((group, index) => {
    view.setUint16(index * 2, group);
  });
  back.forEach((group, index) => {
    view.setUint16(16 - (back.length - index) * 2, group);
  });
  return bytes;
}

/** An address as text in its one usual form (RFC 5952; a v4-mapped one in hex groups too). `bytes` are 4 or 16. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const words: number[] = [];
  for (let index = 0; index < 8; index++) words.push(view.getUint16(index * 2));
  const gap = longestZeros(words);
  const hex = words.map((word) => word.toString(16));
  if (gap.length < 2) return hex.join(':');
  return `${hex.slice(0, gap.start).join(':')}::${hex.slice(gap.start + gap.length).join(':')}`;
}

/** Rewrites a dotted tail (`::ffff:1.2.3.4`) as two groups. */
function unmixed(text: string): string {
  if (!text.includes('.')) return text;
  const cut = text.lastIndexOf(':') + 1;
  const [a = 0, b = 0, c = 0, d = 0] = text.slice(cut).split('.').map(Number);
  return `${text.slice(0, cut)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= words.length; index++) {
    if (words[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
