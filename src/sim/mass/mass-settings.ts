import { WayleaveError } from '../../core/errors.ts';

/** A world of many nodes: how many, how they are linked, what they want of each other, and what goes wrong. */
export interface MassSettings {
  /** Everything in a run follows from it. */
  readonly seed: number;
  readonly nodes: number;
  /** Links of each node; `nodes × links` is even. */
  readonly links: number;
  /** Virtual time of trade. */
  readonly seconds: number;
  /** Charges a second on each link, in one direction or the other. */
  readonly rate: number;
  /** The mean size of what is wanted at a time, bytes. */
  readonly bytes: number;
  /** Of 100 nodes, so many take, and neither pay nor give. */
  readonly freeRiders: number;
  /** Mean time a message is under way, milliseconds; each link has its own. */
  readonly delayMs: number;
  /** Connections of each link that break in an hour, on average, with all that is under way on them. */
  readonly breaksPerHour: number;
  /** How often neighbours state their totals to each other; 0: never. Seconds. */
  readonly statementSeconds: number;
}

/** What stands where nothing is said. */
export const MASS_DEFAULTS: MassSettings = {
  seed: 1,
  nodes: 1_000,
  links: 4,
  seconds: 3_600,
  rate: 1,
  bytes: 64_000,
  freeRiders: 0,
  delayMs: 20,
  breaksPerHour: 0,
  statementSeconds: 60,
};

/** Ends of links in one world: at about 10 kB each, what a machine of 16 GB holds with room to spare. */
const MOST_ENDS = 1_000_000;

/** From, to, and whether it must be whole. */
const RANGES: Readonly<Record<keyof MassSettings, readonly [low: number, high: number, whole: boolean]>> = {
  seed: [0, Number.MAX_SAFE_INTEGER, true],
  nodes: [2, 1_000_000, true],
  links: [1, 1_000, true],
  seconds: [1, 31 * 86_400, true],
  rate: [0.001, 10_000, false],
  // Twice as much is wanted at the most, which one charge must be able to cover.
  bytes: [1, 1_000_000, true],
  freeRiders: [0, 100, false],
  delayMs: [0, 60_000, true],
  breaksPerHour: [0, 360, false],
  statementSeconds: [0, 86_400, true],
};

/** Fills in what is not said. A node has no more links than there are others. Throws `MASS_INVALID`. */
export function massSettings(given: Partial<MassSettings>): MassSettings {
  const links = Math.min(MASS_DEFAULTS.links, (given.nodes ?? MASS_DEFAULTS.nodes) - 1);
  const settings = { ...MASS_DEFAULTS, links, ...given };
  for (const [name, [low, high, whole]] of Object.entries(RANGES)) {
    const value = settings[name as keyof MassSettings];
    const fits = value >= low && value <= high && (!whole || Number.isSafeInteger(value));
    if (!fits) throw invalid(name, value, `${whole ? 'a whole number' : 'a number'} from ${low} to ${high}`);
  }
  if (settings.links >= settings.nodes) throw invalid('links', settings.links, 'fewer than there are nodes');
  if ((settings.nodes * settings.links) % 2 === 1)
    throw invalid('links', settings.links, 'an even number where the number of nodes is odd');
  if (settings.nodes * settings.links > MOST_ENDS)
    throw invalid('nodes', settings.nodes, `at most ${MOST_ENDS} ends of links in all`);
  return settings;
}

function invalid(setting: string, value: number, accepts: string): WayleaveError {
  return new WayleaveError('MASS_INVALID', { setting, value, accepts });
}

/** The options that make these settings again; what is as usual is left out. */
export function massOptions(settings: MassSettings): string {
  const words = OPTIONS.flatMap(([name, option]) => {
    const always = name === 'seed' || name === 'nodes' || name === 'links' || name === 'seconds';
    return always || settings[name] !== MASS_DEFAULTS[name] ? [`--${option} ${settings[name]}`] : [];
  });
  return words.join(' ');
}

const OPTIONS: readonly (readonly [keyof MassSettings, string])[] = [
  ['seed', 'seed'],
  ['nodes', 'nodes'],
  ['links', 'links'],
  ['seconds', 'seconds'],
  ['rate', 'rate'],
  ['bytes', 'bytes'],
  ['freeRiders', 'free-riders'],
  ['delayMs', 'delay'],
  ['breaksPerHour', 'breaks'],
  ['statementSeconds', 'statements'],
];
