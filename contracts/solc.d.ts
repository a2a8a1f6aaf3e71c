/** solc's own types say `any`; this is all of it that is used. */
declare module 'solc' {
  const solc: { compile(input: string): string; version(): string };
  export default solc;
}
