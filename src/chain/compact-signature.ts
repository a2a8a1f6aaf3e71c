/** A signature in two words (EIP-2098): `r`, and `s` with v's parity in its highest bit. How contracts take many. */
export interface CompactSignature {
  readonly r: `0x${string}`;
  readonly vs: `0x${string}`;
}

/** From r ‖ s ‖ v, 65 bytes, v 27 or 28; undefined for anything that is not that or has no room for the bit. */
export function compactSignature(signature: Uint8Array): CompactSignature | undefined {
  const v = signature[64];
  const top = signature[32];
  if (signature.length !== 65 || (v !== 27 && v !== 28) || top === undefined || top > 0x7f) return undefined;
  const words = Uint8Array.from(signature.subarray(0, 64));
  if (v === 28) words[32] = top | 0x80;
  return { r: hexOf(words.subarray(0, 32)), vs: hexOf(words.subarray(32)) };
}

function hexOf(bytes: Uint8Array): `0x${string}` {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
