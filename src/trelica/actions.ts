import type { Logger } from '../log.ts';
import type { WaitingAction } from '../offboarding/ports.ts';
import type { Endpoints } from './endpoints.ts';
import type { WireAction, WireRunStep } from './wire.ts';

interface ActionParts {
  readonly client: { readonly endpoints: Endpoints };
  readonly log: Logger;
}

interface RunIds {
  readonly workflowId: string;
  readonly runId: string;
}

/**
 * The actions a waiting step offers. The link of an action is preferred, since it alone is right within a
 * loop; one that leaves Trelica is a logged fault, and the documented address is used instead.
 */
export function actionsOf(
  step: WireRunStep,
  ids: RunIds,
  { client: { endpoints }, log }: ActionParts,
): readonly WaitingAction[] {
  const pathOf = (name: string, href: WireAction['href']): string => {
    const linked = href ? endpoints.follow(href) : undefined;
    if (href && linked === undefined) {
      const facts = { code: 'trelica.foreign-link', ...ids, action: name };
      log.warn({ ...facts, host: URL.parse(href)?.host }, 'link of an action not followed');
    }
    const url = linked ?? endpoints.signal(ids.workflowId, ids.runId, step.id, name);
    return `${url.pathname}${url.search}`;
  };
  return (step.waiting?.actions ?? []).flatMap(({ name, label, href }) => {
    const title = name || label;
    return title ? [{ name: title, path: pathOf(title, href) }] : [];
  });
}
