import { InvalidArgumentError } from 'commander';

/** Reads an argument that is a whole number from `least` to `most`. */
export function wholeFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    // Digits and nothing else: an empty text, as of a variable that is not set, must not send nothing.
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

export const whole = wholeFrom(0, Number.MAX_SAFE_INTEGER);
