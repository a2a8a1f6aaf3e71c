import type { Fire, Timeline } from '../timeline.ts';
import type { MassCounts } from './mass-counts.ts';
import type { MassLaws } from './mass-laws.ts';

/** What all ends of links share: time, the events that come back to an end by its number, the laws, and the counts. */
export interface MassStage {
  readonly timeline: Timeline;
  readonly laws: MassLaws;
  readonly counts: MassCounts;
  /** How often neighbours state their totals; 0: never. Milliseconds. */
  readonly statementMs: number;
  /** A frame arrives, as `frameOf` made it. */
  readonly frame: Fire;
  readonly arrive: Fire;
  readonly look: Fire;
  readonly beat: Fire;
  readonly later: Fire;
  readonly cashed: Fire;
}
