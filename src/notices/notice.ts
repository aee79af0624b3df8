/** What a person is told of their own accord: what happened, what is known of it, what to do. */
export interface Notice {
  /** One and the same piece of news has one and the same key, also after a restart. */
  readonly key: string;
  readonly title: string;
  readonly facts: Readonly<Record<string, string>>;
  /** What to do, with the command to type. */
  readonly advice: string;
}

/** As a mail or a console shows it. */
export function plainText({ title, facts, advice }: Omit<Notice, 'key'>): string {
  const lines = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
  return `${title}\n\n${lines.join('\n')}\n\n${advice}\n`;
}

/** One notice for many: a fault that meets forty leavers is one thing to look at. */
export function digestOf(notices: readonly Notice[]): Omit<Notice, 'key'> {
  const titles = Object.entries(Object.groupBy(notices, ({ title }) => title));
  return {
    title: `${notices.length} things need attention`,
    facts: Object.fromEntries(titles.map(([title, list]) => [title, String(list?.length ?? 0)])),
    advice: 'See them all: exo-bridge jobs list',
  };
}
