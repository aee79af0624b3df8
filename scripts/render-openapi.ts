import { pino } from 'pino';
import { stringify } from 'yaml';
import { buildApp } from '../src/http/app.ts';

/** The description of the HTTP interface, generated from the routes' own schemas. */
export async function renderOpenApi(): Promise<string> {
  const nothing = () => Promise.reject(new Error('no route is called while it is described'));
  const app = await buildApp({
    log: pino({ level: 'silent' }),
    tokens: { webhook: ['-'], poll: ['-'], operator: ['-'] },
    limits: { requestsPerMinute: 1 },
    intake: { accept: nothing },
    workflows: nothing,
    sweep: nothing,
    jobs: { find: nothing, list: nothing, history: nothing },
    retry: nothing,
    approve: nothing,
    cancel: nothing,
    paused: nothing,
    pause: nothing,
    resume: nothing,
    backup: nothing,
    undo: nothing,
    plan: nothing,
    readiness: nothing,
  });
  await app.ready();
  const document = withoutUnused(withOptionalBodies(app.swagger()));
  await app.close();
  const text = stringify(document, { aliasDuplicateObjects: false, lineWidth: 120 });
  return `# Generated from the routes: npm run openapi\n${text}`;
}

/** The generator calls every body required; these may be left out. */
function withOptionalBodies(document: object): object {
  const { paths } = document as { paths: Record<string, { post?: { requestBody?: object } }> };
  const optional = Object.entries(paths).map(([path, item]) => {
    const isOptional = /\/(poll|retry|approve|cancel|undo|pause|resume|backup)$/.test(path);
    const requestBody = { ...item.post?.requestBody, required: false };
    return [path, isOptional ? { ...item, post: { ...item.post, requestBody } } : item];
  });
  return { ...document, paths: Object.fromEntries(optional) };
}

/** Schemas that are only answers get a twin for requests, which nobody refers to. */
function withoutUnused(document: object): object {
  const text = JSON.stringify(document);
  const { components } = document as { components: { schemas: object } };
  const used = Object.entries(components.schemas).filter(([name]) =>
    text.includes(`"#/components/schemas/${name}"`),
  );
  return { ...document, components: { ...components, schemas: Object.fromEntries(used) } };
}
