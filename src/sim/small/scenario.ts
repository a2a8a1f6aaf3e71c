/** How often each kind of thing may happen in one history. What is 0 never does. */
export interface Budget {
  /** Pieces served, per node. */
  readonly serves: readonly [number, number];
  /** Grants to send through a node, and uses of them, per node. */
  readonly grants: readonly [number, number];
  readonly cuts: number;
  readonly crashes: number;
  /** Writes that the disk refuses. */
  readonly refusals: number;
  /** Changes of price, per node. */
  readonly prices: readonly [number, number];
  /** Long steps of time, per node. */
  readonly steps: number;
  /** Cashing transactions that are mined. */
  readonly mined: number;
  /** Messages of the payment class that arrive a second time. */
  readonly repeats: number;
  /** Old copies of books that are put back. */
  readonly restores: number;
  /** May a history go on from wherever everything has come to rest? It makes short histories long, and worlds wide. */
  readonly settles: boolean;
}

/** One small world: who sells at what, which thresholds hold, and how much may happen. */
export interface Scenario {
  readonly name: string;
  /** What it is there to find. */
  readonly about: string;
  /** Units per MB, before and after a change of price; undefined sells nothing. */
  readonly asks: readonly [readonly number[] | undefined, readonly number[] | undefined];
  /** The most each pays per MB; left out: whatever is asked. */
  readonly bids?: readonly [number, number];
  /** What each asks the other to pay at. They differ, so that nobody can mistake one for the other. */
  readonly payAt: readonly [number, number];
  readonly dropAt: number;
  readonly riskAt: number;
  /** Bytes of one piece. */
  readonly pieceBytes: number;
  /** Cheques are cashed: a chain stands beside the two. */
  readonly cashing: boolean;
  /** Node 0 does not know the other's chequebook at first, and the chain answers only once everything settles. */
  readonly unread?: boolean;
  /** Units that node 1's chequebook really holds; it believes that it holds plenty. */
  readonly drainedTo?: number;
  /** Statements are made, once a day: an end that was put back knows that it was. */
  readonly statements?: boolean;
  readonly budget: Budget;
}

/** Nothing happens by itself. */
export const NEVER: Budget = {
  serves: [0, 0],
  grants: [0, 0],
  cuts: 0,
  crashes: 0,
  refusals: 0,
  prices: [0, 0],
  steps: 1,
  mined: 0,
  repeats: 0,
  restores: 0,
  settles: true,
};

/** A piece costs 10.5 units, so that halves are carried; two pieces reach payAt, four are more than dropAt. */
const PLAIN = {
  asks: [[7], [7]],
  payAt: [20, 26],
  dropAt: 40,
  riskAt: 1_000,
  pieceBytes: 1_500_000,
  cashing: false,
} as const;

/** What `wayleave sim exhaustive` searches. Each is small enough to be searched whole to its depth. */
export const SCENARIOS: readonly Scenario[] = [
  {
    ...PLAIN,
    name: 'deep',
    about: 'one sells, the other pays for each piece; nothing else happens, so that whole lives are searched',
    asks: [[7], undefined],
    payAt: [10, 12],
    dropAt: 25,
    budget: { ...NEVER, serves: [2, 0], cuts: 1, crashes: 1, steps: 0, settles: false },
  },
  {
    ...PLAIN,
    name: 'long',
    about: 'the same with more pieces, so that more is served while a payment is on its way to the disk',
    asks: [[7], undefined],
    payAt: [10, 12],
    dropAt: 25,
    budget: { ...NEVER, serves: [4, 0], cuts: 1, crashes: 1, steps: 0, settles: false },
  },
  {
    ...PLAIN,
    name: 'several',
    about: 'one sells, the other pays for each piece, also while earlier payments wait for their answers',
    asks: [[7], undefined],
    payAt: [10, 12],
    dropAt: 45,
    budget: { ...NEVER, serves: [3, 0], cuts: 1, crashes: 1, steps: 2 },
  },
  {
    ...PLAIN,
    name: 'trade',
    about: 'both sell to each other; connections break and a process dies',
    budget: { ...NEVER, serves: [2, 2], cuts: 1, crashes: 1 },
  },
  {
    ...PLAIN,
    name: 'pay',
    about: 'one sells, the other pays, more than once; connections break and a process dies',
    asks: [[7], undefined],
    budget: { ...NEVER, serves: [4, 0], cuts: 1, crashes: 1 },
  },
  {
    ...PLAIN,
    name: 'upload',
    about: 'one sends through the other on grants; connections break and a process dies',
    asks: [[7], undefined],
    budget: { ...NEVER, grants: [3, 0], cuts: 1, crashes: 1 },
  },
  {
    ...PLAIN,
    name: 'reprice',
    about: 'the price changes while pieces are on their way',
    asks: [[7, 9, 5], [6]],
    budget: { ...NEVER, serves: [2, 1], cuts: 1, crashes: 1, prices: [2, 0] },
  },
  {
    ...PLAIN,
    name: 'disk',
    about: 'the disk refuses writes, then takes them again',
    budget: { ...NEVER, serves: [3, 1], cuts: 1, crashes: 1, refusals: 2 },
  },
  {
    ...PLAIN,
    name: 'unread',
    about: 'cheques cannot be checked at first, and messages about payments come twice',
    asks: [[7], undefined],
    unread: true,
    budget: { ...NEVER, serves: [4, 0], cuts: 1, crashes: 1, repeats: 1 },
  },
  {
    ...PLAIN,
    name: 'copies',
    about: 'one sells, the other pays and makes copies of its books; what is put back is told in stories',
    asks: [[7], undefined],
    statements: true,
    budget: { ...NEVER, serves: [3, 0], cuts: 1, crashes: 1 },
  },
  {
    ...PLAIN,
    name: 'risk',
    about: 'cheques beyond riskAt clear no debt until they are cashed',
    asks: [[7], undefined],
    riskAt: 30,
    cashing: true,
    budget: { ...NEVER, serves: [6, 0], cuts: 1, crashes: 1, steps: 3, mined: 2 },
  },
  {
    ...PLAIN,
    name: 'bounce',
    about: 'a chequebook holds less than its cheques promise',
    asks: [[7], undefined],
    riskAt: 30,
    cashing: true,
    drainedTo: 25,
    budget: { ...NEVER, serves: [6, 0], cuts: 0, crashes: 1, steps: 3, mined: 3 },
  },
];
