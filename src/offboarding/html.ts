import { decodeHTML } from 'entities';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as HTML that shows exactly it, also within an attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** The same with its line breaks. */
export function toHtml(text: string): string {
  return escapeHtml(text).replace(/\r\n?|\n/g, '<br>');
}

const UNSEEN = /<!--.*?-->|<(head|style|script)\b[^>]*>.*?<\/\1\s*>/gis;
const BREAKS =
  /<\/?(?:address|blockquote|br|div|dd|dl|dt|h[1-6]|hr|li|ol|p|pre|table|td|th|tr|ul)\b[^>]*>/gi;
const TAG = /<\/?[a-z][^>]*>/gi;

/** What a reader sees of HTML, blanks and breaks as one blank each. */
export function readableText(html: string): string {
  const text = html.replace(UNSEEN, ' ').replace(BREAKS, ' ').replace(TAG, '');
  return decodeHTML(text).replace(/\s+/g, ' ').trim();
}
