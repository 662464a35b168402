import { expect } from 'vitest';

/** What `refusalOf` gives for this reason, with these words in the sentence. */
export const refused = (reason: string, message: string) => ({
  code: 'UNAUTHENTICATED',
  reason,
  message: expect.stringContaining(message) as string,
});
