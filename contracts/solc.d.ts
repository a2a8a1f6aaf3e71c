/** solc's own types say `any`; this is all of it that is used. */
declare module 'solc' {
  interface Callbacks {
    readonly import: (path: string) => { readonly contents: string } | { readonly error: string };
  }
  const solc: { compile(input: string, callbacks: Callbacks): string; version(): string };
  export default solc;
}
