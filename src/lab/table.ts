import type { Check, LabResult } from './check.ts';
import { LAB_WEI_PER_UNIT } from './folder.ts';
import type { Paint } from './view.ts';

/** The closing table, in 80 columns: who earned and spent what, both ends of every link, the chain, and the sum. */
export function renderTable(result: LabResult, paint: Paint): string[] {
  const coin = result.nodes.reduce((sum, each) => sum + change(each) + BigInt(each.gas), 0n);
  const barter = result.settlement === 'barter';
  const settled = headingsOf(result.settlement);
  const failed = result.checks.filter(({ ok }) => !ok);
  const zero = (value: bigint | number, text: string): string => paint(BigInt(value) === 0n ? 'green' : 'red', text);
  return [
    paint('bold', 'Who earned and spent what (units; 10,000 units are 0.0001 USD)'),
    ...columns(
      ['node', 'earned>', 'spent>', 'net>', ...(barter ? [] : ['coin before>', 'coin after>', 'gas>'])],
      result.nodes.map((each) => [
        each.name,
        grouped(each.earned),
        grouped(each.spent),
        signed(each.earned - each.spent),
        ...(barter ? [] : coinOf(each)),
      ]),
    ),
    '',
    paint('bold', `The links: counters at both ends (positive: the neighbour owes me), ${settled[0]}`),
    ...columns(
      ['link', 'price/MB>', 'bytes>', 'counters>', '>', 'write-offs>', ...settled.slice(1)],
      result.links.map((each) => [
        `${each.a}–${each.b}`,
        each.bytes === 0 ? '-' : grouped(each.pricePerMb),
        grouped(each.bytes),
        `${each.a} ${signed(each.balanceA)}`,
        `${each.b} ${signed(each.balanceB)}`,
        `${signed(each.writeOffA)} / ${signed(each.writeOffB)}`,
        ...settlementOf(result.settlement, each),
      ]),
    ),
    '',
    zero(result.conservation, `Sum of all counters and write-offs: ${result.conservation}`),
    ...(barter ? [] : [zero(coin, `Sum of all changes on the chain, gas added back: ${coin} wei`)]),
    ...(result.links.some(({ bytes }) => bytes > 0) ? [transferLine(result, paint)] : []),
    failed.length === 0
      ? paint('green', `All ${result.checks.length} checks hold.`)
      : paint('red', `${failed.length} of ${result.checks.length} checks do not hold:`),
    ...failed.map(failedLine),
  ];
}

function headingsOf(settlement: string): readonly string[] {
  if (settlement === 'cheque') return ['cheques', 'issued>', 'cashed>'];
  if (settlement === 'barter') return ['and what each served', 'left>', 'right>'];
  return [`${settlement}s`, 'paid>', 'on chain>'];
}

function settlementOf(settlement: string, link: LabResult['links'][number]): readonly string[] {
  if (settlement === 'barter') return [grouped(link.bytesFromA), grouped(link.bytesFromB)];
  return [settlement === 'cheque' ? String(link.chequesIssued) : grouped(link.paid), String(link.settledOnChain)];
}

function coinOf({ chainBefore, chainAfter, gas }: LabResult['nodes'][number]): readonly string[] {
  return [chainBefore, chainAfter, gas].map((wei) => inUnits(BigInt(wei)));
}

function transferLine({ transfer }: LabResult, paint: Paint): string {
  if (transfer.sha256 === '') return paint('dim', 'No file arrived whole.');
  const pace = ((transfer.bytes * 8) / 1e6 / Math.max(transfer.seconds, 0.001)).toFixed(0);
  const what = `${grouped(transfer.bytes)} bytes in ${transfer.seconds} s, ${pace} Mbit/s`;
  return transfer.ok
    ? paint('green', `The file: ${what}, hash as it should be.`)
    : paint('red', `The file is wrong: ${what}.`);
}

function failedLine({ id, expected, actual }: Check): string {
  return `  ${id}: expected ${expected}, found ${actual}`;
}

function change({ chainBefore, chainAfter }: LabResult['nodes'][number]): bigint {
  return BigInt(chainAfter) - BigInt(chainBefore);
}

/** Coin is shown in units of account, as everything else is; the result in JSON has it to the wei. */
function inUnits(wei: bigint): string {
  return grouped(Number(wei / LAB_WEI_PER_UNIT));
}

function signed(units: number): string {
  return units > 0 ? `+${grouped(units)}` : grouped(units);
}

/** Thousands apart by a thin mark that copies well. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Columns under their headings; those ending in `>` are set to the right. */
function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [headings.map((each) => each.replace(/>$/, '')), ...rows];
  const widths = headings.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, at) => (headings[at]?.endsWith('>') ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
