import { ACTIONS, type Left } from './actions.ts';
import { brokenLaw } from './laws.ts';
import { SCENARIOS } from './scenario.ts';
import { moved } from './settle.ts';
import { SmallWorld } from './small-world.ts';

/** A history worth telling every time: one that once broke a rule, or one that a search meets late. */
export interface Story {
  readonly name: string;
  readonly world: string;
  /** By name; one that need not be possible begins with a question mark. */
  readonly actions: readonly string[];
  /** Part of it is refused, as it should be; then what would follow from it is left out. */
  readonly refused?: true;
}

const times = (count: number, ...actions: readonly string[]): string[] =>
  Array.from({ length: count }, () => actions).flat();

/** Two pieces are served and paid for, up to the cheque that waits to be written: the books it settles are on disk. */
const OWING = [...times(2, 'serve 0', 'data reaches 1'), 'look 1', 'write done 1'];
/** … and up to the cheque on its way to the seller. */
const PAYING = [...OWING, 'write done 1', 'control reaches 0'];

/** One piece is paid for; the next cheque waits to be written when the answer to the first arrives. */
const TAKEN_WHILE_WRITING = [
  ...['serve 0', 'data reaches 1', 'look 1', 'write done 1', 'write done 1', 'serve 0', 'control reaches 0'],
  ...['payment reaches 0', 'write done 0', 'time 1', 'data reaches 1', 'look 1', 'write done 1', 'payment reaches 1'],
];

/** Told in a moment; `sim exhaustive` goes on where they end. */
export const STORIES: readonly Story[] = [
  {
    name: 'no words of a broken connection on the next one',
    world: 'trade',
    actions: ['crash 0 kept 0', 'connect', 'cut 0', 'settle'],
  },
  {
    name: 'what is lost on the way is not paid for, however much came back',
    world: 'trade',
    actions: ['serve 0', 'serve 1', 'data reaches 0', 'cut 0', 'settle'],
  },
  {
    name: 'a chequebook that bounced is not tried again and again, and its owner not served',
    world: 'bounce',
    actions: times(2, 'serve 0', 'serve 0', 'data reaches 1', 'data reaches 1', 'settle'),
  },
  {
    name: 'who does not pay is not served past dropAt',
    world: 'pay',
    actions: [...times(4, 'serve 0', 'data reaches 1')],
  },
  {
    name: 'what the buyer admitted stands, though it crashes and forgets',
    world: 'pay',
    actions: [...OWING, 'write done 1', 'control reaches 0', 'crash 1 kept 0', 'settle'],
  },
  {
    name: 'nothing is admitted before it is on disk',
    world: 'trade',
    actions: [
      'serve 1',
      'data reaches 0',
      'journal 0',
      'write done 0',
      'serve 1',
      'data reaches 0',
      'time 0',
      'settle',
    ],
  },
  {
    name: 'no more is charged than was promised to the disk',
    world: 'trade',
    actions: times(9, 'serve 0', 'serve 1', 'data reaches 1', 'data reaches 0'),
    refused: true,
  },
  {
    name: 'a piece that arrives after new terms has its old price',
    world: 'reprice',
    actions: ['serve 0', 'reprice 0', 'write done 0', 'control reaches 1', 'write done 1', 'data reaches 1', 'settle'],
  },
  {
    name: 'a cheque that cannot be checked is refused, and paid once when it can',
    world: 'unread',
    actions: [...PAYING, 'payment reaches 0', 'payment reaches 1', 'time 1', 'settle'],
  },
  {
    name: 'an old acknowledgement ends nothing',
    world: 'pay',
    actions: [
      ...OWING,
      'settle',
      ...OWING,
      'write done 1',
      'payment again reaches 1',
      '?journal 1',
      '?write done 1',
      'settle',
    ],
  },
  {
    name: 'a cheque is taken while the next one is written, and nothing of that is forgotten',
    world: 'several',
    actions: [...TAKEN_WHILE_WRITING, 'write done 1', '?journal 1', 'write done 1', 'settle'],
  },
  {
    name: 'who dies with two cheques under way, of which one was taken, pays neither once more',
    world: 'several',
    actions: [...TAKEN_WHILE_WRITING, 'write done 1', '?journal 1', 'write done 1', 'crash 1 kept 0', 'settle'],
  },
  {
    name: 'of three cheques under way one arrives before the connection breaks; the last goes again, for all',
    world: 'several',
    actions: [
      ...times(3, 'serve 0'),
      ...times(3, 'data reaches 1', 'look 1', 'write done 1', 'write done 1', 'time 1'),
      ...['control reaches 0', 'payment reaches 0', 'write done 0', 'cut 0', 'cut 1', 'connect', 'settle'],
    ],
  },
  {
    name: 'a cheque that could not be written is written later',
    world: 'disk',
    actions: [...OWING, 'write refused 1', 'settle'],
  },
  {
    name: 'a cheque whose record could not be written goes with the next one',
    world: 'disk',
    actions: [...PAYING, 'payment reaches 0', 'write refused 0', 'settle'],
  },
  {
    name: 'payments beyond riskAt are cashed, and then count',
    world: 'risk',
    actions: times(3, 'serve 0', 'serve 0', 'data reaches 1', 'data reaches 1', 'settle'),
  },
  {
    name: 'a payment beyond riskAt counts once earlier ones are cashed',
    world: 'risk',
    actions: [
      ...PAYING,
      ...['payment reaches 0', 'write done 0', 'payment reaches 1', '?write done 1', 'time 1'],
      ...[...OWING, 'write done 1', '?write done 1', 'control reaches 0', 'payment reaches 0', 'settle'],
    ],
  },
  {
    name: 'a payment makes no room before it is on disk: its seller crashes, and the payer is never seen again',
    world: 'long',
    actions: [
      ...['serve 0', 'serve 0', 'data reaches 1', 'journal 0', 'look 1', 'write done 1', 'data reaches 1'],
      ...['write done 0', 'write done 1', 'control reaches 0', 'serve 0', 'payment reaches 0', 'serve 0'],
      ...['crash 0 kept 0', 'data reaches 1', 'data reaches 1'],
    ],
  },
  {
    name: 'who goes back to an old copy of its books still owes what it admitted, and believes it',
    world: 'copies',
    actions: [
      'copy 1',
      'serve 0',
      'data reaches 1',
      'journal 1',
      'write done 1',
      'time 1',
      'control reaches 0',
      ...['restore 1', 'settle'],
    ],
  },
  {
    name: 'both die with everything under way, one after the other',
    world: 'pay',
    actions: [...PAYING, 'payment reaches 0', 'crash 0 kept 1', 'connect', 'crash 1 kept 0', 'settle'],
  },
];

/** A story may do everything as often as it likes. */
const PLENTY = 1_000;

/** Tells a story. The law that it breaks, if it does; `skipped`: actions of it that were not possible. */
export async function tell(story: Story): Promise<{ readonly law: string | undefined; readonly skipped: string[] }> {
  const scenario = SCENARIOS.find(({ name }) => name === story.world);
  if (scenario === undefined) throw new Error(`no small world is called ${story.world}`);
  const world = new SmallWorld(scenario);
  world.connect();
  await world.quiet();
  while (await moved(world));
  const left: Left = {
    serves: [PLENTY, PLENTY],
    grants: [PLENTY, PLENTY],
    prices: [PLENTY, PLENTY],
    steps: [PLENTY, PLENTY],
    cuts: PLENTY,
    crashes: PLENTY,
    refusals: PLENTY,
    mined: PLENTY,
    repeats: PLENTY,
    restores: PLENTY,
  };
  const skipped: string[] = [];
  for (const told of story.actions) {
    const name = told.replace('?', '');
    const action = ACTIONS.find((each) => each.name === name);
    if (action?.able(world, left) !== true && name !== 'settle') {
      if (name === told) skipped.push(name);
      continue;
    }
    try {
      await action?.act(world, left);
    } catch (error) {
      return { law: `an error came out: ${String(error)}`, skipped };
    }
    await world.quiet();
    const law = brokenLaw(world);
    if (law !== undefined) return { law: `${law} (at ${name})`, skipped };
  }
  return { law: undefined, skipped };
}
