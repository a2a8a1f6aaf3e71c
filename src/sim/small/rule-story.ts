import { type Beginning, Teller, Untrue } from './teller.ts';

/** A history with what must be seen in it: rules of which no law can speak, since they say when, to whom, and how. */
export interface RuleStory {
  readonly name: string;
  readonly begins?: Beginning;
  readonly told: (teller: Teller) => Promise<void>;
}

/** Tells it. What is not as it says, if anything is not. */
export async function tellRule({ begins, told }: RuleStory): Promise<{ readonly law: string | undefined }> {
  try {
    await told(await Teller.begin(begins));
    return { law: undefined };
  } catch (error) {
    if (error instanceof Untrue) return { law: error.message };
    return { law: `an error came out: ${String(error)}` };
  }
}
