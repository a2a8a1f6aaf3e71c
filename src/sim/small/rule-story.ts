import { type Neighbourhood, PacketTeller } from './packet-teller.ts';
import { RouteTeller } from './route-teller.ts';
import { type Beginning, Teller } from './teller.ts';
import { Untrue } from './untrue.ts';

/** A history with what must be seen in it: rules of which no law can speak, since they say when, to whom, and how. */
export type RuleStory = PairStory | PacketStory | RouteStory;

/** … between two nodes. */
interface PairStory {
  readonly name: string;
  readonly begins?: Beginning;
  readonly told: (teller: Teller) => Promise<void>;
}

/** … among carriers of packets, and those who tell each other ways for them. */
export interface PacketStory {
  readonly name: string;
  readonly among?: Neighbourhood;
  readonly carried: (teller: PacketTeller) => Promise<void>;
}

/** … of one node's ways, and what its neighbours say of them. */
export interface RouteStory {
  readonly name: string;
  readonly ways: (teller: RouteTeller) => void;
}

/** Tells it. What is not as it says, if anything is not. */
export async function tellRule(story: RuleStory): Promise<{ readonly law: string | undefined }> {
  try {
    if ('carried' in story) await story.carried(await PacketTeller.begin(story.among));
    else if ('ways' in story) story.ways(new RouteTeller());
    else await story.told(await Teller.begin(story.begins));
    return { law: undefined };
  } catch (error) {
    if (error instanceof Untrue) return { law: error.message };
    return { law: `an error came out: ${String(error)}` };
  }
}
