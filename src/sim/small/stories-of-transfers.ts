import type { Chain } from '../../chain/chain.ts';
import { Column } from '../../core/ledger/columns.ts';
import { REORGANISED_BLOCKS } from '../../core/settlement/transfers.ts';
import { TransferDesk } from '../../settle/transfer-desk.ts';
import type { RuleStory } from './rule-story.ts';
import { IDS, type SmallNode, WEI_PER_UNIT } from './small-node.ts';
import { Teller } from './teller.ts';
import { ToldBlocks } from './told-blocks.ts';

const CONFIRMATIONS = 3;
const FIRST_BLOCK = 200;
/** More turns than one look at the chain takes. */
const TURNS = 40;
const PAYER = IDS[1];

/** Node 0 takes transfers from blocks that a story tells; it dies and starts as any other. */
class Receiver {
  readonly blocks: ToldBlocks;
  readonly teller: Teller;

  private constructor(blocks: ToldBlocks, teller: Teller) {
    this.blocks = blocks;
    this.teller = teller;
  }

  static async begin(): Promise<Receiver> {
    const blocks = new ToldBlocks(FIRST_BLOCK);
    const desks = (node: SmallNode): { transfer: TransferDesk } => ({ transfer: deskOf(node, blocks.port()) });
    const receiver = new Receiver(blocks, await Teller.begin({ desks, dishonest: true }));
    await receiver.look();
    return receiver;
  }

  get desk(): TransferDesk {
    return this.teller.node(0).more.transfer as TransferDesk;
  }

  /** Looks at the chain once, and lets everything follow from it. */
  async look(): Promise<void> {
    const { desk, teller } = this;
    let done = false;
    const looking = desk.intake.look().finally(() => {
      done = true;
    });
    for (let turn = 0; turn < TURNS && !done; turn += 1) {
      for (let each = 0; each < TURNS; each += 1) await undefined; // oxlint-disable-line typescript/await-thenable -- one turn of the promises, nothing else
      await teller.calm();
    }
    await looking;
    await teller.calm();
  }

  /** What the account, the desk and the last acknowledgement say. */
  get books(): readonly number[] {
    const node = this.teller.node(0);
    const undone = this.desk.uncashedUnits(PAYER);
    return [node.cell(Column.received), node.cell(Column.uncleared), undone];
  }

  async grown(blocks: number): Promise<readonly number[]> {
    this.blocks.grow(blocks);
    await this.look();
    return this.books;
  }
}

function deskOf(node: SmallNode, chain: Chain): TransferDesk {
  const { clock, disk } = node;
  return new TransferDesk({
    chain,
    clock,
    store: disk.store(),
    notes: disk.state().notes,
    confirmations: CONFIRMATIONS,
    neighbour: () => node.payer(),
    tell: (_, event) => {
      node.neighbour.step(event);
      return true;
    },
    keep: (_, records) => node.neighbour.keep(records),
    cleared: (id) => node.neighbour.cleared(node.more.transfer?.uncashedUnits(id) ?? 0, node.payer().riskAt),
    emit: () => undefined,
  });
}

/** The hash of a transaction. */
const hash = (name: string): string => `0x${Buffer.from(name.padEnd(32)).toString('hex')}`;
/** Units that add up to so much wei. */
const wei = (units: number): bigint => BigInt(units) * WEI_PER_UNIT;

/** Payments on the chain, as their receiver sees them come, go and come again. */
export const STORIES_OF_TRANSFERS: readonly RuleStory[] = [
  {
    name: 'a transfer counts once it is deep enough, once, and what is not worth a unit is carried to the next',
    told: async ({ same }) => {
      const receiver = await Receiver.begin();
      const { blocks } = receiver;
      blocks.grow();
      blocks.pays(PAYER, 'first', wei(30) + 6n);
      await receiver.look();
      same('in a block', receiver.books, [0, 0, 0]);
      same('one deep more', await receiver.grown(1), [0, 0, 0]);
      same('deep enough', await receiver.grown(1), [30, 0, 0]);
      same('and no more', await receiver.grown(5), [30, 0, 0]);
      blocks.grow();
      blocks.pays(PAYER, 'second', wei(10) + 6n);
      same('the next', await receiver.grown(2), [41, 0, 0]);
    },
  },
  {
    name: 'a transfer that another branch left out is undone, once, and counts again when it is there again',
    told: async ({ same }) => {
      const receiver = await Receiver.begin();
      const { blocks } = receiver;
      blocks.grow();
      blocks.pays(PAYER, 'kept', wei(5));
      blocks.grow(REORGANISED_BLOCKS + 8);
      await receiver.look();
      same('long ago', receiver.books, [5, 0, 0]);
      blocks.grow();
      blocks.pays(PAYER, 'lost', wei(30));
      blocks.pays(PAYER, 'moved', wei(7));
      same('deep enough', await receiver.grown(2), [42, 0, 0]);
      blocks.grow();
      blocks.pays(PAYER, 'only seen', wei(100));
      await receiver.look();
      // What is too old to be looked at again stands, whatever the blocks say.
      blocks.branch({ moved: blocks.number });
      same('another branch', await receiver.grown(1), [42, 30, 30]);
      blocks.branch({ moved: blocks.number - 1 });
      same('and another one', await receiver.grown(4), [42, 30, 30]);
      blocks.grow();
      blocks.pays(PAYER, 'lost', wei(30));
      await receiver.look();
      blocks.branch({ moved: blocks.number - 6 });
      same('there for a moment', await receiver.grown(4), [42, 30, 30]);
      blocks.grow();
      blocks.pays(PAYER, 'lost', wei(30));
      await receiver.look();
      same('there again, not deep yet', await receiver.grown(1), [42, 30, 30]);
      same('deep again', await receiver.grown(1), [42, 0, 0]);
      same('what was only seen is forgotten', await receiver.grown(9), [42, 0, 0]);
    },
  },
  {
    name: 'a transfer that moves to a later block waits until that is deep enough',
    told: async ({ same }) => {
      const receiver = await Receiver.begin();
      const { blocks } = receiver;
      blocks.grow();
      blocks.pays(PAYER, 'late', wei(9));
      await receiver.look();
      blocks.grow();
      blocks.branch({ late: blocks.number });
      await receiver.look();
      same('moved', await receiver.grown(1), [0, 0, 0]);
      same('deep enough there', await receiver.grown(1), [9, 0, 0]);
    },
  },
  {
    name: 'an announced transfer is answered when it counts, with all that was credited, also after a restart',
    told: async ({ same }) => {
      const receiver = await Receiver.begin();
      const { blocks, teller } = receiver;
      const announce = async (id: number, transaction: string): Promise<readonly string[]> => {
        await teller.hears(0, {
          kind: 'payment',
          id,
          units: 5,
          proof: { kind: 'transfer', transaction: hash(transaction) },
        });
        return teller.heard(1, 'paymentAck').map((ack) => `${ack.id} ${ack.acceptedWei} ${ack.code}`);
      };
      blocks.grow();
      for (const each of ['a', 'b']) blocks.pays(PAYER, hash(each), wei(5));
      same('not yet', await announce(1, 'a'), []);
      await receiver.grown(2);
      const answered = teller.heard(1, 'paymentAck').map(({ id, acceptedWei }) => `${id} ${acceptedWei}`);
      same('answered', answered, [`1 ${wei(10)}`]);
      same('asked again', await announce(2, 'b'), [`2 ${wei(10)} `]);
      teller.world.crash(0, 2);
      await teller.cut();
      await teller.connect();
      same('after a restart', [await announce(3, 'a'), receiver.books], [[`3 ${wei(10)} `], [10, 0, 0]]);
      await receiver.grown(2 * REORGANISED_BLOCKS + 5);
      blocks.grow();
      for (let each = 0; each < 9; each += 1) blocks.pays(PAYER, hash(`n${each}`), wei(1));
      await receiver.grown(2 * REORGANISED_BLOCKS + 5);
      same(
        'an old one is forgotten in the end',
        [await announce(4, 'a'), await announce(5, 'n8')],
        [[], [`5 ${wei(19)} `]],
      );
    },
  },
];
