/**
 * A WebAssembly module with one function, `f`: the permutation Keccak-f[1600] (FIPS 202, section 3) on the 200 bytes at
 * the beginning of the memory it imports. Put together here, step by step, so that what runs can be read.
 */

const ROUNDS = 24;
const LANES = 25;

/** Rotations of the lanes (FIPS 202, table 2), lane x + 5y. */
const ROTATIONS = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14];

/** What is added to the first lane in each round: bits of a shift register (FIPS 202, section 3.2.5). */
export const ROUND_CONSTANTS: readonly bigint[] = roundConstants();

function roundConstants(): bigint[] {
  let register = 1;
  const bit = (): boolean => {
    const out = (register & 1) === 1;
    register <<= 1;
    if ((register & 0x100) !== 0) register ^= 0x171;
    return out;
  };
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j < 7; j += 1) if (bit()) constant |= 1n << (2n ** BigInt(j) - 1n);
    return constant;
  });
}

const OP = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  get: 0x20,
  set: 0x21,
  load64: 0x29,
  store64: 0x37,
  const32: 0x41,
  const64: 0x42,
  less32: 0x49,
  add32: 0x6a,
  and64: 0x83,
  xor64: 0x85,
  rotl64: 0x89,
} as const;
const I32 = 0x7f;
const I64 = 0x7e;
const NOTHING = 0x40;

/** Unsigned number in base 128, low digits first. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** Signed numbers end in a byte whose bit 6 is the sign. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

// Locals: the state, the same after rotating, column sums, and the place of the next round constant.
const a = (lane: number): number => lane;
const b = (lane: number): number => LANES + lane;
const c = (column: number): number => 2 * LANES + column;
const NEXT = 2 * LANES + 5;

const get = (local: number): number[] => [OP.get, ...leb(local)];
const set = (local: number): number[] => [OP.set, ...leb(local)];
const rotl = (by: number): number[] => (by === 0 ? [] : [OP.const64, ...signed(by), OP.rotl64]);
const eachLane = (code: (lane: number, x: number, y: number) => number[]): number[] =>
  Array.from({ length: LANES }, (_, lane) => code(lane, lane % 5, Math.floor(lane / 5))).flat();
const eachColumn = (code: (x: number) => number[]): number[] => Array.from({ length: 5 }, (_, x) => code(x)).flat();

/** θ, ρ, π, χ and ι. */
function round(): number[] {
  const sums = eachColumn((x) => [
    ...get(a(x)),
    ...[5, 10, 15, 20].flatMap((row) => [...get(a(x + row)), OP.xor64]),
    ...set(c(x)),
  ]);
  const rotated = eachLane((lane, x, y) => [
    ...get(a(lane)),
    ...get(c((x + 4) % 5)),
    ...get(c((x + 1) % 5)),
    ...rotl(1),
    ...[OP.xor64, OP.xor64],
    ...rotl(ROTATIONS[lane] ?? 0),
    ...set(b(y + 5 * ((2 * x + 3 * y) % 5))),
  ]);
  const mixed = eachLane((lane, x, y) => [
    ...get(b(lane)),
    ...get(b(((x + 1) % 5) + 5 * y)),
    ...[OP.const64, 0x7f, OP.xor64],
    ...get(b(((x + 2) % 5) + 5 * y)),
    ...[OP.and64, OP.xor64],
    ...set(a(lane)),
  ]);
  return [...sums, ...rotated, ...mixed, ...get(a(0)), ...get(NEXT), OP.load64, 3, 0, OP.xor64, ...set(a(0))];
}

function body(constantsAt: number): number[] {
  const end = constantsAt + ROUNDS * 8;
  const number = (value: number): number[] => [OP.const32, ...signed(value)];
  return [
    ...[2, ...leb(NEXT), I64, 1, I32],
    ...eachLane((lane) => [...number(0), OP.load64, 3, ...leb(lane * 8), ...set(a(lane))]),
    ...[...number(constantsAt), ...set(NEXT)],
    ...[OP.loop, NOTHING],
    ...round(),
    ...[...get(NEXT), ...number(8), OP.add32, ...set(NEXT)],
    ...[...get(NEXT), ...number(end), OP.less32, OP.branchIf, 0, OP.end],
    ...eachLane((lane) => [...number(0), ...get(a(lane)), OP.store64, 3, ...leb(lane * 8)]),
    OP.end,
  ];
}

const section = (id: number, content: readonly number[]): number[] => [id, ...leb(content.length), ...content];

/** The module's bytes, for round constants that lie at `constantsAt`. */
export function keccakModule(constantsAt: number): Uint8Array<ArrayBuffer> {
  const code = body(constantsAt);
  const name = (text: string): number[] => [text.length, ...Buffer.from(text)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...name('m'), ...name('m'), 0x02, 1, 1, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('f'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}
