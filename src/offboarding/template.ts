import { z } from 'zod';
import { escapeHtml, toHtml } from './html.ts';

/** What a text can be filled in with. */
export const FIELDS = ['person.name', 'manager.name', 'manager.email'] as const;
export type Field = (typeof FIELDS)[number];

/** A text with fields to fill in, understood once: when the configuration is read. */
export type Template = readonly (string | { readonly field: Field })[];

/** A field, an escaped pair of braces, or a pair that is neither. */
const PIECE = /\\\{\{|\{\{([^{}]*)\}\}|\{\{/g;

/** A text in a setting: `{{manager.name}}` is filled in, and `\{{` stands for a pair of braces. */
export const templateSetting = z
  .string()
  .trim()
  .min(1)
  .transform((text, context): Template => {
    const parts: (string | { readonly field: Field })[] = [];
    let end = 0;
    for (const found of text.matchAll(PIECE)) {
      const field = FIELDS.find((one) => one === found[1]?.trim());
      if (field === undefined && found[0] !== ESCAPED) {
        context.addIssue(
          `unknown field ${JSON.stringify(found[0])}; known: ${FIELDS.map((one) => `{{${one}}}`).join(', ')}; a pair of braces is written \\{{`,
        );
        return z.NEVER;
      }
      parts.push(text.slice(end, found.index), field === undefined ? '{{' : { field });
      end = found.index + found[0].length;
    }
    return [...parts, text.slice(end)];
  });
const ESCAPED = '\\{{';

/** Whether a field that begins so is to be filled in: `manager.`. */
export function mentions(template: Template, start: string): boolean {
  return template.some((part) => typeof part !== 'string' && part.field.startsWith(start));
}

/** The text as HTML. What is filled in is always text, whatever is in it; the rest is text unless it `isHtml`. */
export function fillIn(
  template: Template,
  values: Readonly<Record<Field, string>>,
  isHtml: boolean,
): string {
  return template
    .map((part) => {
      if (typeof part !== 'string') {
        return escapeHtml(values[part.field]);
      }
      return isHtml ? part : toHtml(part);
    })
    .join('');
}
