import { MAX_PRICE } from '../core/units.ts';
import type { PacketsConfig } from './config.ts';
import { choice, type Fields, flag, integer, MAX_UNITS, price } from './config-field.ts';

/** The keys of `[packets]`. */
export const PACKET_FIELDS: Fields<PacketsConfig> = {
  enabled: flag({ default: true, doc: 'Carry packets of neighbours, and send and serve your own.' }),
  tollPerPacket: integer({
    min: 0,
    max: MAX_PRICE,
    unit: 'units',
    default: 5,
    doc: 'Kept from a packet of others for sending it on.',
  }),
  tollPerMb: price(0, 'The same for its size: so much per MB, rounded down for each packet.'),
  refusalFee: integer({
    min: 0,
    max: MAX_PRICE,
    unit: 'units',
    default: 1,
    doc: 'Kept from a packet of a neighbour that cannot go on, so that looking for ways is not free.',
  }),
  valueAtUnits: integer({
    min: 0,
    max: MAX_UNITS,
    unit: 'units',
    default: 0,
    doc: 'The most value taken from a neighbour on credit, and the least that drop_at and risk_at then are, unless they are typed. Value is money: 0 takes only what it has prepaid.',
  }),
  prepayUnits: integer({
    min: 0,
    max: MAX_UNITS,
    unit: 'units',
    default: 0,
    doc: 'The most paid ahead to a listed neighbour that takes no value on credit, when a packet needs it. You lose it if that neighbour vanishes. 0: nothing.',
  }),
  sendBudgetUnits: integer({
    min: 0,
    max: MAX_UNITS,
    unit: 'units',
    default: 0,
    doc: 'The most your own packets may cost in 24 hours, less what comes back. 0: no limit.',
  }),
  discipline: choice({
    of: ['weighted', 'strict'],
    default: 'weighted',
    doc: 'Who goes first when a link is busy: shares by weight, or the heaviest first.',
  }),
  queueKb: integer({
    min: 16,
    max: 65_536,
    unit: 'kB',
    default: 1_024,
    doc: 'What may wait to leave by one link, or by all of them where they share a medium. More waits longer.',
  }),
  queuePackets: integer({ min: 1, max: 1_000_000, default: 8_192, doc: 'The same, counted in packets.' }),
  sharedMediumKbit: integer({
    min: 0,
    max: 1_000_000_000,
    unit: 'kbit/s',
    default: 0,
    doc: 'All links share one medium, a radio for example, that takes so much: all pairs compete for it. 0: each link has its own.',
  }),
  ownPriorityPerMb: price(0, "What your own packets count for in line, beside neighbours' offers."),
};
