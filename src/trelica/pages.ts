import type { z } from 'zod';
import { ServiceError } from '../errors.ts';
import type { Client } from './client.ts';
import { envelopeOf, type Page } from './wire.ts';

/** Items on a page; the most Trelica allows are 1,000, of which each may be large. */
export const PAGE_LIMIT = '100';
const MOST_PAGES = 1_000;

/**
 * All items of a listing, page after page. The end is a page without `next` (vendor's scripts) or without
 * results (vendor's text). Throws the client's errors, `trelica.foreign-link` for a `next` that leaves
 * Trelica, and `trelica.answer-invalid` for pages that come again or never end.
 */
export async function* readPages<T>(
  client: Client,
  first: URL,
  item: z.ZodType<T>,
): AsyncGenerator<T, void> {
  const envelope = envelopeOf(item);
  const seen = new Set<string>();
  let url: URL | undefined = first;
  while (url !== undefined) {
    if (seen.has(url.href) || seen.size === MOST_PAGES) {
      throw endless(url, seen.size);
    }
    seen.add(url.href);
    const page: Page<T> = await client.get(url, envelope);
    yield* page.results;
    url = page.results.length > 0 && page.next ? following(client, page.next, url) : undefined;
  }
}

function following(client: Client, next: string, from: URL): URL {
  const url = client.endpoints.follow(next, from);
  if (url === undefined) {
    throw new ServiceError('trelica.foreign-link', 'the next page is not on Trelica', {
      facts: { path: from.pathname, host: URL.parse(next)?.host },
    });
  }
  return url;
}

function endless(url: URL, pages: number): ServiceError {
  return new ServiceError('trelica.answer-invalid', 'the pages of a listing do not end', {
    facts: { path: url.pathname, pages },
  });
}
