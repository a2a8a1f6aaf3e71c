import { BYTES_PER_MB as bytesPerMb } from '../../core/units.ts';

// A constant of its own, for speed (core/ledger/ledger.ts).
const BYTES_PER_MB = bytesPerMb;

/** What was really charged for in one direction, counted as nobody inside counts: whole units, and millionths beside. */
export class TrueTotal {
  units = 0;
  millionths = 0;

  add(bytes: number, pricePerMb: number): void {
    const sum = this.millionths + bytes * pricePerMb;
    const whole = Math.floor(sum / BYTES_PER_MB);
    this.units += whole;
    this.millionths = sum - whole * BYTES_PER_MB;
  }

  /** Both ends have compared books: they go on from there, without fractions. */
  begin(units: number): void {
    this.units = units;
    this.millionths = 0;
  }
}

/** What really happened at one end of a link, whatever its books say, and what they said when the laws last looked. */
export class EndTruth {
  /** Left this end, and arrived here, since the books were last compared. */
  readonly given = new TrueTotal();
  readonly taken = new TrueTotal();
  /** Books were compared since the last break: from then on they can be judged to the millionth. */
  comparable = false;
  // As the books stood: totals, which only grow, and the exposure.
  provided = 0;
  consumed = 0;
  paid = 0;
  received = 0;
  exposure = 0;
  /** What the other may owe by the newest terms, and by any before. */
  granted = 0;
  mostGranted = 0;
  connections = 0;
  // What the laws found at their last look at everything, to be added to what a charge touches.
  /** So many charges more may be looked at by what they touch alone; 0: the next look is at everything. */
  brief = 0;
  /** Of the totals, what is no unit of transit: corrections, other services. */
  givenAside = 0;
  takenAside = 0;
  /** Paid less received. */
  settled = 0;
  /** Of the exposure, what is neither balance nor hold; and how far those two may go before any limit is near. */
  beside = 0;
  room = 0;

  /** What the other may owe from now on. */
  grant(dropAt: number): void {
    this.granted = dropAt;
    this.brief = 0;
    this.mostGranted = Math.max(this.mostGranted, dropAt);
  }

  /** What was on its way is lost. */
  connecting(): void {
    this.comparable = false;
    this.brief = 0;
    this.connections += 1;
  }
}
