import type { Chain } from '../../chain/chain.ts';
import { chequeDigest } from '../../chain/eip712.ts';
import { PROMPT_MS } from '../../core/credit/payment-history.ts';
import { PaymentHistories } from '../../node/payment-histories.ts';
import { ChequeTaker } from '../../settle/cheque-taker.ts';
import { ChequebookFactsBook } from '../../settle/chequebook-facts.ts';
import { OwnChequebook } from '../../settle/own-chequebook.ts';
import { Treasury } from '../../settle/treasury.ts';
import type { RuleStory } from './rule-story.ts';
import { SmallChain } from './small-chain.ts';
import { CHEQUEBOOKS, IDS, WEI_PER_UNIT } from './small-node.ts';
import { smallIssuers, smallSigner } from './small-signer.ts';
import type { Teller } from './teller.ts';

const LOOK_MS = 60_000;
const [ME, PAYER] = IDS;
/** Units that add up to so much wei. */
const wei = (units: number): bigint => BigInt(units) * WEI_PER_UNIT;

/** The treasury of node 0, which fills its chequebook up to 2,000 wei below 100, on a chain that a story tells. */
class Purse {
  /** What the chequebook really holds; the node remembers 10. */
  holdsWei = 10n;
  readonly filled: string[] = [];
  readonly #teller: Teller;
  readonly #treasury: Treasury;

  constructor(teller: Teller) {
    this.#teller = teller;
    const { clock, disk } = teller.node(0);
    const store = disk.store();
    const chain = this.#chain();
    const text = JSON.stringify({ address: CHEQUEBOOKS[0], capacityWei: '10' });
    this.#treasury = new Treasury({
      ...{ chain, clock, store, me: ME, owner: undefined, notes: [], promisedWei: () => 0n },
      own: new OwnChequebook({ chain, store, notes: [{ kind: 'note', name: 'own-chequebook', text }] }),
      ...{ lowWaterWei: 100n, targetWei: 2_000n, maxPerDayWei: 3_000n },
      emit: () => undefined,
    });
    this.#treasury.start();
  }

  #chain(): Chain {
    const sums = { paidOutWei: 0n, totalPaidOutWei: 0n, reservedWei: 0n, withdrawalWei: 0n };
    return {
      ...new SmallChain(new Map()).port(),
      balance: () => Promise.resolve(10n ** 18n),
      gasPriceWei: () => Promise.resolve(1n),
      chequebook: () =>
        Promise.resolve({
          ...{ fromFactory: true, issuer: ME, bounced: false, ...sums },
          ...{ balanceWei: this.holdsWei, availableWei: this.holdsWei },
        }),
      deposit: (_, wei) => {
        this.filled.push(String(wei));
        this.holdsWei += wei;
        return Promise.resolve({ hash: 'filled', gasWei: 1n });
      },
    };
  }

  /** It looks once; what it put in. */
  async looks(): Promise<readonly string[]> {
    this.#teller.node(0).clock.step(LOOK_MS);
    for (let turn = 0; turn < 20; turn += 1) {
      for (let each = 0; each < 20; each += 1) await undefined; // oxlint-disable-line typescript/await-thenable -- one turn of the promises, nothing else
      this.#teller.node(0).disk.durable();
    }
    return this.filled.splice(0);
  }
}

/** What is kept, remembered and put in. */
export const STORIES_OF_INCOME: readonly RuleStory[] = [
  {
    name: 'a chequebook that somebody else has filled meanwhile is not filled again',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      const purse = new Purse(teller);
      purse.holdsWei = 150n;
      teller.same('enough is there', await purse.looks(), []);
      const empty = new Purse(teller);
      teller.same('it runs low', await empty.looks(), ['1990']);
    },
  },
  {
    name: 'how late a payment is counts from when its debt was first seen to be due',
    begins: { dishonest: true },
    told: async (teller) => {
      const { clock, neighbours } = teller.node(0);
      teller.node(1).neighbour.step({ kind: 'pause', paused: true });
      const histories = new PaymentHistories(clock, []);
      const payer = neighbours.known(IDS[1]);
      if (payer === undefined) return teller.same('payer', payer, 'any');
      await teller.serve(0, 12);
      teller.same('due', histories.heard('charged', payer, ''), 'later');
      clock.step(PROMPT_MS);
      teller.same('still', histories.heard('charged', payer, ''), 'nothing');
      clock.step(1);
      teller.same('paid at last', histories.heard('received', payer, ''), 'later');
      const { late, worstMs } = histories.of(IDS[1]);
      teller.same('late', [late, worstMs], [1, PROMPT_MS + 1]);
    },
  },
  {
    name: 'what cheques were cashed for counts once more after books were lost, as far as service for it is admitted',
    begins: { apart: true, dishonest: true },
    told: async (teller) => {
      teller.same('nothing was lost', credited(teller, undefined), 10);
      teller.same('nothing is admitted', credited(teller, 0), 10);
      teller.same('less than was paid out', credited(teller, 30), 40);
      teller.same('more', credited(teller, 70), 60);
      teller.same('all of it was paid out', [credited(teller, undefined, 50), credited(teller, 0, 50)], [-1, 0]);
    },
  },
];

/** Units credited of a cheque over so much, of which 50 were paid out, by who lost its books and is told of so much since. */
function credited(teller: Teller, forgottenUnits: number | undefined, units = 60): number {
  const paid = { balanceWei: String(wei(1_000)), paidOutWei: String(wei(50)), bounced: false };
  const text = JSON.stringify({ fromFactory: true, issuer: PAYER, ...paid });
  const notes = [{ kind: 'note', name: `chequebook:${CHEQUEBOOKS[1]}`, text } as const];
  const { chainId } = teller.node(0).config.settlement;
  const taker = new ChequeTaker({
    ...{ me: ME, chainId, received: [], notes, restored: forgottenUnits !== undefined, issuers: smallIssuers(IDS) },
    facts: new ChequebookFactsBook({
      ...{ chain: undefined, store: teller.node(0).disk.store(), me: ME, notes, nowMs: () => 0 },
    }),
  });
  if (forgottenUnits !== undefined) taker.forgot(PAYER, forgottenUnits);
  const plain = {
    chequebook: CHEQUEBOOKS[1],
    beneficiary: ME,
    cumulativeWei: wei(units),
    signature: new Uint8Array(65),
  };
  const cheque = { ...plain, signature: smallSigner(PAYER, 1).signDigest(chequeDigest(chainId, plain)) };
  const myRatio = { numerator: WEI_PER_UNIT, denominator: 1n };
  const outcome = taker.check(PAYER, cheque, { chequebook: CHEQUEBOOKS[1], myRatio, riskAt: 1_000 });
  return outcome.accepted ? outcome.units : -1;
}
