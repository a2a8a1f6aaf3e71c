import { Column } from '../core/ledger/columns.ts';
import { FADING_CREDITS_PER_DAY } from '../core/ledger/write-offs.ts';
import { SERVICES, type Service } from '../core/service.ts';
import type { NodeConfig } from './config.ts';
import type { Known } from './neighbours.ts';
import type { CreditStatus, LinkStatus, PacketLinkStatus, ServiceStatus } from './node.ts';
import { creditFor } from './offer.ts';
import type { Settlement } from './settlement.ts';

/** Where a link's status comes from, beside the link itself. */
export interface StatusSources {
  readonly settlement: Settlement;
  readonly config: NodeConfig;
  readonly credit: CreditStatus;
  readonly packets: PacketLinkStatus | undefined;
}

/** One link as the faces show it; read from the ledger at this moment. */
export function linkStatus(known: Known, from: StatusSources): LinkStatus {
  const { neighbour } = known;
  const { config, credit, settlement } = from;
  const { account, session, link } = neighbour;
  const { ledger, row } = account;
  const mine = account.mine.newest;
  const theirs = account.theirs.newest;
  const writeOff = ledger.writeOff(row);
  return {
    neighbour: neighbour.id,
    name: known.config?.name,
    connected: link !== undefined,
    state: account.state(),
    balance: ledger.get(row, Column.balance) - writeOff,
    writeOff,
    writeOffLeft: ledger.get(row, Column.forgiven),
    fadesPerDay: credit.newcomer * FADING_CREDITS_PER_DAY,
    reserved: ledger.get(row, Column.heldProvide),
    payAt: account.mine.limits?.payAt ?? 0,
    dropAt: account.mine.limits?.dropAt ?? 0,
    theirPayAt: theirs?.payAt,
    theirDropAt: theirs?.dropAt,
    uncashed: settlement.desks.uncashedUnits(neighbour.id),
    riskAt: creditFor(config, known.config, { askPerMb: mine?.services.transit.askPerMb ?? 0 }).riskAt,
    pending: ledger.get(row, Column.pending),
    paid: ledger.get(row, Column.paid),
    received: ledger.get(row, Column.received),
    paymentsSent: neighbour.paymentsSent,
    paymentsReceived: neighbour.paymentsReceived,
    services: Object.fromEntries(SERVICES.map((each) => [each, serviceStatus(known, each)])) as Record<
      Service,
      ServiceStatus
    >,
    credit,
    solvency: settlement.solvencyOf(theirs?.chequebook),
    statements: session.statements,
    packets: from.packets,
    roundTripMs: link?.roundTripMs,
    paymentsPaused: session.paused,
    lastFault: neighbour.lastFault,
  };
}

function serviceStatus(known: Known, service: Service): ServiceStatus {
  const { account } = known.neighbour;
  const record = account.service(service);
  const column = SERVICES.indexOf(service);
  return {
    askPerMb: account.mine.newest?.services[service].askPerMb,
    theirAskPerMb: account.theirs.newest?.services[service].askPerMb,
    buys: account.door(service).buying,
    provided: account.ledger.get(account.row, Column.provided + column),
    consumed: account.ledger.get(account.row, Column.consumed + column),
    providedBytes: record.providedBytes,
    consumedBytes: record.consumedBytes,
  };
}
