// The account between two neighbours, without the rest: serve 3 MB at 250 units per MB until the limit refuses.
import { Column, chargeFor, Ledger, Refusal, serviceColumn } from 'wayleave/core';

const ledger = new Ledger();
const bob = ledger.addLink();
ledger.setLimit(bob, 'dropAt', 600); // Bob may owe 600 units
ledger.setLimit(bob, 'leaseLeft', 1_000_000);
for (let mb = 1; mb <= 3; mb += 1) {
  const { amount } = chargeFor(1_000_000, 250, 0);
  const hold = ledger.holdProvide(bob, amount); // refused before anything is served
  if (hold === Refusal.limit) console.log(`MB ${mb}: refused, Bob owes ${ledger.get(bob, Column.balance)}`);
  else ledger.commit(hold, serviceColumn.transit, amount);
}
