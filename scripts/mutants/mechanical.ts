import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import type { Mutant } from './mutant.ts';
import { RULES } from './rules.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Operators, and the wrong one for each: sign, comparison, boolean. */
const SWAPS: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '+',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
  '+=': '-=',
  '-=': '+=',
};

/** Says nothing at run time, or only to people: a change here is no bug in a rule. */
const SILENT = new Set([
  SyntaxKind.ImportDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.TypeReference,
  SyntaxKind.TypeLiteral,
  SyntaxKind.UnionType,
  SyntaxKind.ArrayType,
  SyntaxKind.TupleType,
  SyntaxKind.FunctionType,
  SyntaxKind.LiteralType,
  SyntaxKind.TypeOperator,
  SyntaxKind.IndexedAccessType,
]);
const SILENT_TEXT = /^(effects\.push\(news\(|standing\(|#termsNews\(|#wouldHavePaid\()|^get (standing|view)\b/;

/** Every mechanical mutant of the rules, in the order of `RULES` and of their lines. */
export function mechanicalMutants(files: readonly string[] = RULES): Mutant[] {
  const api = new API({ cwd: ROOT });
  try {
    const project = api.updateSnapshot({ openProject: join(ROOT, 'tsconfig.json') }).getProjects()[0];
    return files.flatMap((file) => {
      const source = project?.program.getSourceFile(join(ROOT, file));
      if (source === undefined) throw new Error(`${file} is not part of the project`);
      return mutantsOf(file, source);
    });
  } finally {
    api.close();
  }
}

type Change = Pick<Mutant, 'start' | 'end' | 'text' | 'from' | 'deletion'>;

function mutantsOf(file: string, source: SourceFile): Mutant[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const mutants: Mutant[] = [];
  const visit = (node: Node, place: string, field: boolean): void => {
    const own = text.slice(startOf(node, text), node.end);
    if (SILENT.has(node.kind) || SILENT_TEXT.test(own)) return;
    const inner = NAMED.has(node.kind) ? nameOf(own, place) : place;
    for (const change of changesOf(node, text)) mutants.push(told(change, { file, text, place: inner, field }));
    // What a field starts with runs wherever its class is made: coverage says nothing of it.
    const within = node.kind === SyntaxKind.PropertyDeclaration || (field && node.kind !== SyntaxKind.ArrowFunction);
    node.forEachChild((child) => visit(child, inner, within));
  };
  source.forEachChild((child) => visit(child, '', false));
  return mutants;
}

/** What a change is called: where it stands, and what becomes what. */
function told(change: Change, at: { file: string; text: string; place: string; field: boolean }): Mutant {
  const { file, text, place, field } = at;
  const before = text.slice(0, change.start);
  const line = before.split('\n').length;
  const column = change.start - before.lastIndexOf('\n');
  const words = (part: string): string => part.replace(/\s+/g, ' ').trim().slice(0, 60);
  const to = /^;?$/.test(change.text) ? 'nothing' : words(change.text);
  const said = `${words(text.slice(change.start, change.end))} → ${to}`;
  const code = text.split('\n')[line - 1]?.trim() ?? '';
  return { ...change, id: `${file}:${line}:${column} ${said}`, file, line, change: said, place, code, field };
}

const NAMED = new Set([
  SyntaxKind.ClassDeclaration,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
  SyntaxKind.Constructor,
  SyntaxKind.VariableDeclaration,
  SyntaxKind.PropertyDeclaration,
]);

/** The name of what a node declares, unless it stands within a function or a table that has one. */
function nameOf(own: string, place: string): string {
  if (/[.)]/.test(place) || /^[a-z]|^[A-Z_]+$/.test(place)) return place;
  const name =
    /^(?:(?:export|abstract|static|readonly|override|private|async|get|set|class|function\*?) +|\*)*(#?\w+)/.exec(own);
  const [, word = ''] = name ?? [];
  return place === '' ? word : `${place}.${word}`;
}

/** Where the text of a node begins, after blanks and comments. */
function startOf(node: Node, text: string): number {
  const rest = text.slice(node.pos, node.end);
  return node.pos + (/^(\s+|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(rest)?.[0].length ?? 0);
}

function changesOf(node: Node, text: string): Change[] {
  const start = startOf(node, text);
  const own = text.slice(start, node.end);
  const replace = (by: string): Change[] => [{ start, end: node.end, text: by, deletion: false }];
  const left: Change[] = [{ start, end: node.end, text: ';', deletion: true }];
  switch (node.kind) {
    case SyntaxKind.BinaryExpression:
      return binary(node, text);
    case SyntaxKind.NumericLiteral:
      return replace(String(Number(own.replaceAll('_', '')) + 1));
    case SyntaxKind.BigIntLiteral:
      return replace(`${BigInt(own.replaceAll('_', '').slice(0, -1)) + 1n}n`);
    case SyntaxKind.TrueKeyword:
    case SyntaxKind.FalseKeyword:
      return replace(String(own === 'false'));
    case SyntaxKind.PrefixUnaryExpression:
      return /^[!-]/.test(own) ? replace(`(${own.slice(1)})`) : [];
    case SyntaxKind.PropertyAccessExpression:
      return /^Math\.(min|max)$/.test(own) ? replace(own.endsWith('n') ? 'Math.max' : 'Math.min') : [];
    case SyntaxKind.IfStatement:
      return [...negated(node, text), ...left];
    case SyntaxKind.ConditionalExpression:
      return negated(node, text);
    case SyntaxKind.ExpressionStatement:
    case SyntaxKind.ThrowStatement:
      return left;
    default:
      return [];
  }
}

function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
    return undefined;
  });
  return children;
}

function binary(node: Node, text: string): Change[] {
  const [left, , right] = childrenOf(node);
  if (left === undefined || right === undefined) return [];
  const rightStart = startOf(right, text);
  const between = text.slice(left.end, rightStart);
  const operator = between.trim();
  const swap = SWAPS[operator];
  const strings = /^['"`]/.test(text.slice(startOf(left, text))) || /^['"`]/.test(text.slice(rightStart));
  if (swap === undefined || (operator === '+' && strings)) return [];
  const start = left.end + between.indexOf(operator);
  return [{ start, end: start + operator.length, text: swap, from: startOf(left, text), deletion: false }];
}

/** The first child of `if` and of `? :` is what they ask. */
function negated(node: Node, text: string): Change[] {
  const [condition] = childrenOf(node);
  if (condition === undefined) return [];
  const start = startOf(condition, text);
  return [{ start, end: condition.end, text: `!(${text.slice(start, condition.end)})`, deletion: false }];
}
