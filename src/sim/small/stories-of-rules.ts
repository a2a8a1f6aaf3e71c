import type { RuleStory } from './rule-story.ts';
import { STORIES_OF_ACCOUNTS } from './stories-of-accounts.ts';
import { STORIES_OF_ANSWERS } from './stories-of-answers.ts';
import { STORIES_OF_ASKING } from './stories-of-asking.ts';
import { STORIES_OF_BOOKS } from './stories-of-books.ts';
import { STORIES_OF_BREAKS } from './stories-of-breaks.ts';
import { STORIES_OF_CARRYING } from './stories-of-carrying.ts';
import { STORIES_OF_CASHING } from './stories-of-cashing.ts';
import { STORIES_OF_CHANNELS } from './stories-of-channels.ts';
import { STORIES_OF_CHOICES } from './stories-of-choices.ts';
import { STORIES_OF_CREDIT } from './stories-of-credit.ts';
import { STORIES_OF_DEBT } from './stories-of-debt.ts';
import { STORIES_OF_DOORS } from './stories-of-doors.ts';
import { STORIES_OF_EPOCHS } from './stories-of-epochs.ts';
import { STORIES_OF_FATES } from './stories-of-fates.ts';
import { STORIES_OF_FORGETTING } from './stories-of-forgetting.ts';
import { STORIES_OF_FORWARDING } from './stories-of-forwarding.ts';
import { STORIES_OF_GAPS } from './stories-of-gaps.ts';
import { STORIES_OF_GREETINGS } from './stories-of-greetings.ts';
import { STORIES_OF_INCOME } from './stories-of-income.ts';
import { STORIES_OF_KIND } from './stories-of-kind.ts';
import { STORIES_OF_LEASES } from './stories-of-leases.ts';
import { STORIES_OF_LIMITS } from './stories-of-limits.ts';
import { STORIES_OF_PACES } from './stories-of-paces.ts';
import { STORIES_OF_PACKETS } from './stories-of-packets.ts';
import { STORIES_OF_PAYMENTS } from './stories-of-payments.ts';
import { STORIES_OF_PRICES } from './stories-of-prices.ts';
import { STORIES_OF_QUEUES } from './stories-of-queues.ts';
import { STORIES_OF_RECALL } from './stories-of-recall.ts';
import { STORIES_OF_RETURNS } from './stories-of-returns.ts';
import { STORIES_OF_ROUTES } from './stories-of-routes.ts';
import { STORIES_OF_SERVICES } from './stories-of-services.ts';
import { STORIES_OF_SESSIONS } from './stories-of-sessions.ts';
import { STORIES_OF_STATING } from './stories-of-stating.ts';
import { STORIES_OF_TIME } from './stories-of-time.ts';
import { STORIES_OF_STATEMENTS, STORIES_OF_TRADE } from './stories-of-trade.ts';
import { STORIES_OF_TRANSFERS } from './stories-of-transfers.ts';
import { STORIES_OF_WATCHING } from './stories-of-watching.ts';
import { STORIES_OF_WAYS } from './stories-of-ways.ts';
import { STORIES_OF_WORDS } from './stories-of-words.ts';

/** All of them. To add one: begin, let things happen, and say what must be the same. */
export const STORIES_OF_RULES: readonly RuleStory[] = [
  ...STORIES_OF_DEBT,
  ...STORIES_OF_WORDS,
  ...STORIES_OF_TRADE,
  ...STORIES_OF_STATEMENTS,
  ...STORIES_OF_BREAKS,
  ...STORIES_OF_CASHING,
  ...STORIES_OF_PAYMENTS,
  ...STORIES_OF_ANSWERS,
  ...STORIES_OF_GREETINGS,
  ...STORIES_OF_CREDIT,
  ...STORIES_OF_LIMITS,
  ...STORIES_OF_DOORS,
  ...STORIES_OF_TRANSFERS,
  ...STORIES_OF_CHANNELS,
  ...STORIES_OF_SERVICES,
  ...STORIES_OF_TIME,
  ...STORIES_OF_STATING,
  ...STORIES_OF_GAPS,
  ...STORIES_OF_EPOCHS,
  ...STORIES_OF_CARRYING,
  ...STORIES_OF_INCOME,
  ...STORIES_OF_SESSIONS,
  ...STORIES_OF_PACES,
  ...STORIES_OF_KIND,
  ...STORIES_OF_BOOKS,
  ...STORIES_OF_LEASES,
  ...STORIES_OF_WATCHING,
  ...STORIES_OF_PACKETS,
  ...STORIES_OF_RECALL,
  ...STORIES_OF_FATES,
  ...STORIES_OF_QUEUES,
  ...STORIES_OF_RETURNS,
  ...STORIES_OF_WAYS,
  ...STORIES_OF_ACCOUNTS,
  ...STORIES_OF_PRICES,
  ...STORIES_OF_ROUTES,
  ...STORIES_OF_CHOICES,
  ...STORIES_OF_ASKING,
  ...STORIES_OF_FORGETTING,
  ...STORIES_OF_FORWARDING,
];
