import { stripVTControlCharacters } from 'node:util';

/**
 * Columns of text under their headings. Headings that end in `>` are set to the right. What would be wider than `columns`
 * goes on in another table below, whose rows begin as those of the first.
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const right = headings.map((heading) => heading.endsWith('>'));
  const all = [headings.map((heading) => heading.replace(/>$/, '')), ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const set = (row: readonly string[], column: number): string => {
    const cell = row[column] ?? '';
    const space = ' '.repeat((widths[column] ?? 0) - width(cell));
    return right[column] ? space + cell : cell + space;
  };
  return evenly(widths, columns).flatMap((part, index) => [
    ...(index === 0 ? [] : ['']),
    ...all.map((row) =>
      part
        .map((column) => set(row, column))
        .join(GAP)
        .trimEnd(),
    ),
  ]);
}

const GAP = '  ';

/** As few parts as fit, none much wider than another: what belongs together is less often torn apart. */
function evenly(widths: readonly number[], columns: number): number[][] {
  let parts = folded(widths, columns);
  for (let limit = columns - 1; parts.length > 1 && limit > 0; limit -= 1) {
    const narrower = folded(widths, limit);
    if (narrower.length > parts.length) break;
    parts = narrower;
  }
  return parts;
}

/** Which columns stand beside each other: as many as fit, the first one in every part. */
function folded(widths: readonly number[], columns: number): number[][] {
  const [first = 0] = widths;
  const parts: number[][] = [];
  let room = -1;
  for (const [column, size] of widths.entries()) {
    const part = parts.at(-1);
    room -= GAP.length + size;
    if (part !== undefined && (room >= 0 || part.length === 1)) part.push(column);
    else {
      parts.push(column === 0 ? [0] : [0, column]);
      room = columns - first - (column === 0 ? 0 : GAP.length + size);
    }
  }
  return parts;
}

/** Facts beside each other, on as many lines as they need. */
export function factLines(facts: readonly string[], columns = Number.POSITIVE_INFINITY): string[] {
  return filled(facts, '   ', columns);
}

/** A sentence on as many lines as it needs, those after the first set in. Words are never cut: they may have to be copied. */
export function wrapped(text: string, columns = Number.POSITIVE_INFINITY): string[] {
  const [first = '', ...more] = filled(text.split(' '), ' ', columns - GAP.length);
  return [first, ...more.map((line) => GAP + line)];
}

function filled(parts: readonly string[], gap: string, columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && width(line) + gap.length + width(part) <= columns) lines[lines.length - 1] += gap + part;
    else lines.push(part);
  }
  return lines;
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
