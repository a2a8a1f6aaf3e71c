import * as v from 'valibot';
import { WayleaveError } from '../core/errors.ts';
import { PAYMENT_METHODS } from '../core/terms/terms.ts';
import type { MethodChoice, WayleaveNode } from '../node/node.ts';

/** Body of `POST /v1/methods`: ways to be paid and to pay, best first. */
export const methodsBody = v.strictObject({
  methods: v.pipe(
    v.array(v.picklist(PAYMENT_METHODS)),
    v.minLength(1),
    v.check((list) => new Set(list).size === list.length),
  ),
});

/** `GET /v1/methods`, and what `POST` answers. Throws `SETTLEMENT_OFF`. */
export function methodsOf(node: WayleaveNode): object {
  const { configured, methods } = choiceOf(node);
  return { ok: true, methods, configured };
}

/** `POST /v1/methods`. Throws `SETTLEMENT_OFF`, `PAYMENT_METHOD_UNPREPARED`. */
export function useMethods(node: WayleaveNode, { methods }: v.InferOutput<typeof methodsBody>): object {
  choiceOf(node).use(methods);
  return methodsOf(node);
}

function choiceOf({ choice }: WayleaveNode): MethodChoice {
  if (choice === undefined) throw new WayleaveError('SETTLEMENT_OFF');
  return choice;
}
