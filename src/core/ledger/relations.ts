import { SERVICES, type Service } from '../service.ts';
import type { MyEpochs, TheirEpochs } from '../terms/epoch-book.ts';
import { type Relation, relationBetween, relationObserved } from './relation.ts';

type ByService = Readonly<Record<Service, Relation>>;

/** The epochs of one link, and whether its node enforces what they say. */
export interface RelationsOptions {
  readonly mine: MyEpochs;
  readonly theirs: TheirEpochs;
  readonly enforce: boolean;
}

/** Who can pay whom for each service of one link: worked out anew when terms change, read for every frame. */
export class Relations {
  /** Grows with every change of the terms on either side. */
  changes = 0;
  /** Either side has sold something by time: once it has, orders may be open. */
  byTime = false;
  readonly #options: RelationsOptions;
  #now: ByService | undefined;
  #change = -1;
  /** The last in which something was sold, and bought. */
  readonly #sold: Partial<Record<Service, Relation>> = {};
  readonly #bought: Partial<Record<Service, Relation>> = {};

  constructor(options: RelationsOptions) {
    this.#options = options;
    const { mine, theirs } = options;
    const changed = (): void => {
      this.changes += 1;
      this.byTime ||= mine.newest?.metering === 'time' || theirs.newest?.metering === 'time';
    };
    mine.changed = changed;
    theirs.changed = changed;
  }

  /** By both sides' newest terms; undefined before they are exchanged. */
  of(service: Service): Relation | undefined {
    const change = this.changes;
    if (change !== this.#change) {
      this.#change = change;
      this.#now = this.#relate();
      if (this.#now !== undefined) this.#remember(this.#now);
    }
    return this.#now?.[service];
  }

  #relate(): ByService | undefined {
    const [mine, theirs] = [this.#options.mine.newest, this.#options.theirs.newest];
    if (mine === undefined || theirs === undefined) return undefined;
    const relate = this.#options.enforce ? relationBetween : relationObserved;
    // Links are many, and a change of terms seldom changes this: the same object then stands for it everywhere.
    const of = (each: Service): Relation => kept(this.#now?.[each], relate(mine, theirs, each));
    return { transit: of('transit'), chunks: of('chunks'), packets: of('packets') };
  }

  #remember(now: ByService): void {
    for (const service of SERVICES) {
      if (now[service].iSell) this.#sold[service] = now[service];
      if (now[service].iBuy) this.#bought[service] = now[service];
    }
  }

  /**
   * What frames of a service are priced by. Once nothing is sold any more, those still under way keep the price of the last
   * moment in which it was: room was kept for them at that price, and the other end has booked them at it.
   */
  pricing(service: Service, side: 'mine' | 'theirs'): Relation | undefined {
    const now = this.of(service);
    if (side === 'mine') return now?.iSell === true ? now : (this.#sold[service] ?? now);
    return now?.iBuy === true ? now : (this.#bought[service] ?? now);
  }
}

/** `before` where nothing has changed. The kind says all that its rule does. */
function kept(before: Relation | undefined, now: Relation): Relation {
  if (before === undefined) return now;
  const same = before.kind === now.kind && before.iSell === now.iSell && before.iBuy === now.iBuy;
  return same && before.providePerMb === now.providePerMb && before.consumePerMb === now.consumePerMb ? before : now;
}
