import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';
import { MAX_PRICE } from '../core/units.ts';
import { MAX_DATA_BYTES } from '../link/limits.ts';
import { bothWays, type Trace } from './trace.ts';

/** Nodes are named by letters. */
export const MOST_NODES = 26;
const MOST_STEPS = 100_000;
const MOST_WINDOW_MS = 60_000;

const between = (least: number, most: number) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));
const units = between(0, Number.MAX_SAFE_INTEGER);
const signed = between(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const wei = v.pipe(
  v.string(),
  v.regex(/^\d{1,78}$/),
  v.transform((text) => BigInt(text)),
);
const index = between(0, MOST_NODES - 1);

const SETTINGS = v.strictObject({
  costPerMb: between(1, MAX_PRICE),
  payAt: units,
  dropAt: units,
  riskAt: units,
  weiPerUnit: wei,
  depositWei: wei,
  journalWindowMs: between(0, MOST_WINDOW_MS),
});

const STEP = v.variant('kind', [
  v.strictObject({
    kind: v.picklist(['serve', 'upload']),
    from: index,
    to: index,
    // One frame: more would be cut, and paid for in the middle.
    bytes: between(1, MAX_DATA_BYTES),
  }),
  v.strictObject({ kind: v.literal('kill'), node: index }),
]);

const BOOKS = v.strictObject({
  node: index,
  neighbour: index,
  provided: units,
  consumed: units,
  providedBytes: units,
  consumedBytes: units,
  providedRemainder: units,
  consumedRemainder: units,
  providedCorrection: signed,
  consumedCorrection: signed,
  paid: units,
  received: units,
  payments: units,
  writtenWei: wei,
  takenWei: wei,
});

const TRACE = v.strictObject({
  schema: v.literal(1),
  seed: units,
  nodes: between(2, MOST_NODES),
  // Who is dialled stands before who dials, so that it listens by then.
  edges: v.array(
    v.pipe(
      v.tuple([index, index]),
      v.check(([from, to]) => from > to, 'must be from a later node to an earlier one'),
    ),
  ),
  settings: SETTINGS,
  steps: v.pipe(v.array(STEP), v.maxLength(MOST_STEPS)),
  books: v.array(BOOKS),
});

/** A trace as JSON: wei as decimal text, a line for each step and for each end of a link. */
export function traceText({ books, edges, nodes, seed, settings, steps }: Trace): string {
  const lines = (all: readonly object[]): string => `[\n${all.map((each) => `    ${json(each)}`).join(',\n')}\n  ]`;
  const head = [`"schema": 1`, `"seed": ${seed}`, `"nodes": ${nodes}`, `"edges": ${json(edges)}`];
  const rest = [`"settings": ${json(settings)}`, `"steps": ${lines(steps)}`, `"books": ${lines(books)}`];
  return `{\n${[...head, ...rest].map((each) => `  ${each}`).join(',\n')}\n}\n`;
}

function json(value: object): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}

/** Reads a trace. Throws `TRACE_INVALID`, which names the place and what may stand there. */
export function parseTrace(text: string): Trace {
  const { issues, output, success } = v.safeParse(TRACE, parsed(text));
  if (!success) throw invalid(v.getDotPath(issues[0]) ?? 'the file', issues[0].message);
  const { schema: _schema, ...trace } = output;
  const ends = bothWays(trace.edges);
  if (new Set(ends.map(String)).size !== ends.length) throw invalid('edges', 'the same two stand there twice');
  if (ends.some(([node]) => node >= trace.nodes)) throw invalid('edges', `there are only ${trace.nodes} nodes`);
  const linked = new Set(ends.map(String));
  for (const [at, step] of trace.steps.entries()) {
    const known = step.kind === 'kill' ? step.node < trace.nodes : linked.has(String([step.from, step.to]));
    if (!known) throw invalid(`steps.${at}`, 'there is no such node, or no such link');
  }
  if (String(trace.books.map(({ node, neighbour }) => [node, neighbour])) !== String(ends))
    throw invalid('books', 'must have both ends of each link, in the order of the edges');
  return trace;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('the file', `is not JSON: ${(cause as Error).message}`);
  }
}

function invalid(where: string, why: string): WayleaveError {
  return new WayleaveError('TRACE_INVALID', { where, why });
}
