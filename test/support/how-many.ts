/** How often a campaign does something: `TEST_FORM=whole npm run test:long` does it `whole` times, CI does it `short` times. */
export function howMany({ whole, short }: { readonly whole: number; readonly short: number }): number {
  return process.env['TEST_FORM'] === 'whole' ? whole : short;
}
