/** One measurement, in a file `bench/NAME.bench.ts` that exports it as `bench`. */
export interface Bench {
  /** Prefix of its rows' ids; what `--only` takes. */
  readonly id: string;
  rows(context: BenchContext): Promise<readonly Row[]>;
}

export interface BenchContext {
  /** Installs the rivals of bench/package.json if need be, and imports one of them. */
  rival<T>(name: string): Promise<T>;
  /** One line of progress on stderr. */
  say(line: string): void;
}

/** What was measured. `rivalValue` has the same unit, and `ratio` is value ÷ rivalValue unless given. */
export interface Row {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly rival?: string;
  readonly rivalValue?: number;
  readonly ratio?: number;
  readonly target?: Target;
  /** The interval of `value`, or of `ratio` where that is the target; for readers. */
  readonly interval?: readonly [low: number, high: number];
}

export interface Target {
  readonly of: 'value' | 'ratio';
  readonly least?: number;
  readonly most?: number;
}

/** A row as `--json` writes it: the same eight fields always, null where there is nothing to say. */
export interface WrittenRow {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  readonly rival: string | null;
  readonly rivalValue: number | null;
  readonly ratio: number | null;
  readonly target: string | null;
  readonly met: boolean | null;
}

export function written(row: Row): WrittenRow {
  const ratio = row.ratio ?? (row.rivalValue === undefined ? undefined : row.value / row.rivalValue);
  const judged = row.target?.of === 'ratio' ? ratio : row.value;
  return {
    id: row.id,
    value: row.value,
    unit: row.unit,
    rival: row.rival ?? null,
    rivalValue: row.rivalValue ?? null,
    ratio: ratio ?? null,
    target: row.target === undefined ? null : targetText(row.target),
    met: row.target === undefined || judged === undefined ? null : meets(judged, row.target),
  };
}

function meets(value: number, { least, most }: Target): boolean {
  return value >= (least ?? -Infinity) && value <= (most ?? Infinity);
}

function targetText({ of, least, most }: Target): string {
  return [least === undefined ? [] : `${of} >= ${least}`, most === undefined ? [] : `${of} <= ${most}`]
    .flat()
    .join(', ');
}
