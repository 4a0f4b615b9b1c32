import { createHash } from 'node:crypto';
import type { DescribedOperation, Document } from './openapi.ts';
import { STYLE } from './page-style.ts';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The headers of the pages made here: nothing may be loaded, and no style but their own counts. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `${POLICY}; style-src 'sha256-${STYLE_HASH}'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A page that shows an OpenAPI document, without script. */
export function apiPage({ info, paths }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({ path, method, ...described })),
  );
  const groups = Map.groupBy(operations, ({ tags }) => tags[0]);
  const sections = Array.from(
    groups,
    ([name, members]) => `<h2>${escape(name)}</h2>${members.map(renderOperation).join('')}`,
  );
  const links = '<p><a href="/api/v1/openapi.json">openapi.json</a> · <a href="/">console</a></p>';
  const usage = '<pre>curl -H "Authorization: Bearer $TOKEN" http://localhost:8080/api/v1/streams</pre>';
  return renderPage(
    `${info.title} ${info.version}: API`,
    `<p>${prose(info.description)}</p>${usage}${links}${sections.join('')}`,
  );
}

/** The page for those who may not see the document. */
export function refusalPage(reason: string): string {
  return renderPage(
    'Headwater: API',
    `<p>This page is for administrators: ${escape(reason)}. <a href="/">Log in</a> first.</p>`,
  );
}

function renderPage(title: string, body: string): string {
  const meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">';
  const head = `<head>${meta}<title>${escape(title)}</title><style>${STYLE}</style></head>`;
  return `<!doctype html><html lang="en">${head}<body><h1>${escape(title)}</h1>${body}</body></html>`;
}

function renderOperation(operation: DescribedOperation & { readonly path: string; readonly method: string }): string {
  const { method, path, summary, parameters, requestBody, responses, security } = operation;
  const name = `<span class="method ${escape(method)}">${escape(method.toUpperCase())}</span> <code>${escape(path)}</code>`;
  const needsNothing = security.every((each) => Object.keys(each).length === 0);
  const open = needsNothing ? '<p>Anybody may ask.</p>' : '';
  const body = requestBody ? renderExample('Body', schemaSketch(requestBody.content['application/json'].schema)) : '';
  const answer = renderExample('Answer', responses['200']?.content?.['application/json'].example);
  const parts = [open, renderParameters(parameters), body, answer, renderErrors(responses)];
  return `<details><summary>${name} <span>${prose(summary)}</span></summary>${parts.join('')}</details>`;
}

function renderParameters(parameters: DescribedOperation['parameters']): string {
  if (parameters.length === 0) return '';
  const rows = parameters.map(({ name, in: place, description, schema }) => {
    const cells = [`<code>${escape(name)}</code>`, escape(place), escape(String(schema.type)), prose(description)];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<h3>Parameters</h3><table>${rows.join('')}</table>`;
}

function renderErrors(responses: DescribedOperation['responses']): string {
  const failures = Object.entries(responses).filter(([status]) => status !== '200');
  if (failures.length === 0) return '';
  const rows = failures.map(
    ([status, { description }]) => `<tr><td>${escape(status)}</td><td>${prose(description)}</td></tr>`,
  );
  return `<h3>Errors</h3><table>${rows.join('')}</table>`;
}

function renderExample(title: string, example: unknown): string {
  return `<h3>${title}</h3><pre>${escape(JSON.stringify(example, undefined, 2))}</pre>`;
}

/** The members of an object with the names of their types. */
function schemaSketch({ properties = {} }: { readonly properties?: unknown } & object): Record<string, unknown> {
  const members = Object.entries(properties as Record<string, { type?: string }>);
  return Object.fromEntries(members.map(([name, { type }]) => [name, type]));
}

/** Text in which what stands between backquotes is code. */
function prose(text: string): string {
  return escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
