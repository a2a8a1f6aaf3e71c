import { stripVTControlCharacters } from 'node:util';

/** Columns of text under their headings. Headings that end in `>` are set to the right. */
export function textTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const right = headings.map((heading) => heading.endsWith('>'));
  const all = [headings.map((heading) => heading.replace(/>$/, '')), ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) =>
    widths
      .map((size, column) => {
        const cell = row[column] ?? '';
        const space = ' '.repeat(size - width(cell));
        return right[column] ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
