import * as z from 'zod';

/** Text, or a number taken for text; null for anything else, and for the empty text. Blanks around it are not part of it. */
export const lenientText = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => value?.trim() || null);

/** The objects of a list; an object alone is a list of one, what is no object is left out. */
export const lenientObjects = z
  .unknown()
  .optional()
  .transform((value): Record<string, unknown>[] =>
    (Array.isArray(value) ? (value as unknown[]) : [value]).filter(
      (entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
    ),
  );

/** `hasMoreData`, also as text; null where it is missing or says neither. */
export const lenientBoolean = z
  .unknown()
  .optional()
  .transform((value) => {
    const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
    return word === true || word === 'true' ? true : word === false || word === 'false' ? false : null;
  });
