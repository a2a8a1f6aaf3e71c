/**
 * Finds the line on which each key of a TOML text stands, for messages. The parser gives values without places, so this
 * reads table headers and key beginnings once more; the text is known to be valid TOML by then.
 */
export function configLines(text: string): (keyPath: string) => number | undefined {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let table = '';
  let open = NOTHING_OPEN;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const inside = open !== NOTHING_OPEN;
    open = after(line, open);
    if (inside) continue;
    const header = /^\s*(\[\[?)([^\]]+)\]/.exec(line);
    const key =
      header === null ? /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(line) : null;
    if (header !== null) {
      table = plain(header[2] ?? '');
      if (header[1] === '[[') {
        const nth = counts.get(table) ?? 0;
        counts.set(table, nth + 1);
        table = `${table}[${nth}]`;
      }
      lines.set(table, index + 1);
    }
    if (key !== null) note(lines, table === '' ? plain(key[1] ?? '') : `${table}.${plain(key[1] ?? '')}`, index + 1);
  }
  return (keyPath) => nearestLine(lines, keyPath);
}

/** What is still open at the end of a line: a long string by its quotes, or brackets by their depth. */
interface Open {
  readonly quote: string;
  readonly depth: number;
}
const NOTHING_OPEN: Open = { quote: '', depth: 0 };

/** What opens or closes something, and what hides such characters: strings, comments. */
const TOKEN = /"""|'''|"(?:[^"\\]|\\.)*"|'[^']*'|#.*$|[[\]{}]/;

/** How each bracket changes the depth. */
const STEPS: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

function after(line: string, before: Open): Open {
  let { quote, depth } = before;
  // The brackets of a table header enclose nothing.
  if (before === NOTHING_OPEN && /^\s*\[/.test(line)) return NOTHING_OPEN;
  for (let rest = line; rest !== ''; ) {
    const [token = ''] = (quote === '' ? TOKEN.exec(rest) : rest.includes(quote) ? [quote] : null) ?? [];
    if (token === '') break;
    rest = rest.slice(rest.indexOf(token) + token.length);
    const isLongQuote = token === '"""' || token === "'''";
    if (isLongQuote) quote = quote === '' ? token : '';
    else depth += STEPS[token] ?? 0;
  }
  return quote === '' && depth <= 0 ? NOTHING_OPEN : { quote, depth };
}

/** `a . "b"` → `a.b` */
function plain(dotted: string): string {
  return dotted
    .split('.')
    .map((part) => part.trim().replace(/^["']|["']$/g, ''))
    .join('.');
}

/** Dotted keys also place the tables they name. */
function note(lines: Map<string, number>, keyPath: string, line: number): void {
  for (let path = keyPath; path !== ''; path = path.slice(0, Math.max(0, path.lastIndexOf('.')))) {
    if (!lines.has(path)) lines.set(path, line);
  }
}

/** The line of the key, or of the table that holds it (a key inside an inline table, or one that is missing). */
function nearestLine(lines: ReadonlyMap<string, number>, keyPath: string): number | undefined {
  for (let path = keyPath; path !== ''; path = path.replace(/(\.[^.[]*|\[\d+\]|^[^.[]*)$/, '')) {
    const line = lines.get(path);
    if (line !== undefined) return line;
  }
  return undefined;
}
