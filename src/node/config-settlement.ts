import { MAX_ENDPOINTS } from '../chain/quorum.ts';
import { MAX_SETTLE_EVERY_MS, PAYMENT_METHODS } from '../core/terms/terms.ts';
import type { SettlementConfig } from './config.ts';
import { address, type Fields, flag, integer, list, path, several, wei } from './config-field.ts';

export const MAX_WEI = 10n ** 30n;

/** Every key of `[settlement]`. */
export const SETTLEMENT_FIELDS: Fields<SettlementConfig> = {
  enabled: flag({
    default: false,
    doc: 'Pay and be paid on a chain. Without it neighbours exchange service one for one.',
  }),
  methods: several({
    of: PAYMENT_METHODS,
    default: ['cheque', 'barter'],
    doc: 'Ways to be paid and to pay, best first. A neighbour is paid in the first way of its list that both know.',
  }),
  settleEveryS: integer({
    min: 0,
    max: MAX_SETTLE_EVERY_MS / 1000,
    unit: 's',
    default: 0,
    doc: 'Pay what is owed after so long, however little, to neighbours that do the same; the longer of the two counts. 0: when it is large enough.',
  }),
  rpc: list({
    pattern: /^https?:\/\/\S{1,1000}$/,
    accepts: `an http or https address, or a list of at most ${MAX_ENDPOINTS}`,
    max: MAX_ENDPOINTS,
    default: [],
    alone: true,
    doc: 'JSON-RPC endpoints of the chain, the best first: the next is asked where one does not answer.',
  }),
  quorum: integer({
    min: 1,
    max: MAX_ENDPOINTS,
    default: 1,
    doc: 'So many endpoints must say the same before money depends on it. More than half of them.',
  }),
  confirmations: integer({
    min: 1,
    max: 64,
    unit: 'blocks',
    default: 6,
    doc:
      'A payment by transfer counts, a deposit in a channel is sure, and a bounce is held against a neighbour for good, when ' +
      'so many blocks are there, its own included.',
  }),
  blockMs: integer({ min: 10, max: 600_000, unit: 'ms', default: 5000, doc: 'Time between two blocks of the chain.' }),
  expectedMbit: integer({
    min: 1,
    max: 100_000,
    unit: 'Mbit/s',
    default: 1,
    doc: 'Traffic expected while a transfer is confirmed: a neighbour whose drop_at it would reach is refused.',
  }),
  chainId: integer({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    default: 100,
    doc: 'Chain to settle on; neighbours must use the same. 100 is Gnosis, whose coin is worth a dollar.',
  }),
  factory: address({
    default: undefined,
    doc: 'Contract that makes chequebooks. Cheques drawn on others are refused.',
  }),
  token: address({
    default: undefined,
    doc: 'ERC-20 token to pay in, the same for all neighbours. Every amount of wei is then one of its smallest units. Default: the coin of the chain.',
  }),
  perCoin: wei({
    min: 1n,
    max: MAX_WEI,
    default: '1000000000000000000',
    doc: 'So many smallest units of the token are worth one coin of the chain: gas is paid in coin, and weighed against what cashing brings.',
  }),
  weiPerUnit: wei({
    min: 1n,
    max: 2n ** 53n - 1n,
    default: 10_000_000_000,
    doc: 'Worth of one unit. 10^10 makes a unit 10^-8 of the coin.',
  }),
  depositWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: '100000000000000000',
    doc: 'What a new chequebook is filled with. The default is a tenth of the coin: 1 GB at 10000 units per MB.',
  }),
  maxIssuePerDayWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: 0,
    doc: 'The most cheques may promise in a day (UTC). 0: no limit.',
  }),
  chequebookOwner: address({
    default: undefined,
    doc: 'Who alone can take coin out of a new chequebook: a key that is kept elsewhere. Default: this node.',
  }),
  chequebook: address({
    default: undefined,
    doc: 'A chequebook that several nodes of an operator pay from, in place of one of its own. All keep their books on one server: url of the store.',
  }),
  issuerKey: path({
    default: undefined,
    doc: 'The key that signs cheques on `chequebook`: the operator’s, the same for each of its nodes.',
  }),
  issuerPasswordFile: path({
    default: undefined,
    doc: 'File with its password. Without it WAYLEAVE_ISSUER_PASSWORD is used.',
  }),
  lowWaterWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: 0,
    doc: 'When less than this may still be promised, the chequebook is filled up from the node. 0: never.',
  }),
  targetWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: 0,
    doc: 'Filled up until so much may be promised.',
  }),
  maxTopUpPerDayWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: '100000000000000000',
    doc: 'The most that is filled in in a day (UTC).',
  }),
  channelDepositWei: wei({
    min: 0n,
    max: MAX_WEI,
    default: '10000000000000000',
    doc: 'What a channel is opened with, and topped up by when it is nearly spent. The default is 100 MB at 10000 units per MB.',
  }),
  channelFreezeHours: integer({
    min: 1,
    max: 2160,
    unit: 'hours',
    default: 24,
    doc: 'How long newer totals are taken when a channel opened here is closed by one side alone.',
  }),
  channelLookS: integer({
    min: 1,
    max: 600,
    unit: 'seconds',
    default: 60,
    doc: 'How often the chain is asked whether a channel is being closed.',
  }),
  cashEveryDays: integer({
    min: 1,
    max: 365,
    unit: 'days',
    default: 7,
    doc: 'Cash what is held, and worth more than the gas, at least this often.',
  }),
  maxGasPriceWei: wei({
    min: 1n,
    max: MAX_WEI,
    default: 100_000_000_000,
    doc: 'Above this gas price nothing is sent to the chain.',
  }),
};
