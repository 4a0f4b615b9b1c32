import { MILLISECOND } from '../base/clock.ts';
import { parsePath, type StreamPath } from '../hub/path.ts';

const pad = (number: number, digits = 2) => String(number).padStart(digits, '0');

/** The variables that SRS has, the reference time of Go among them; times are of the machine's own zone. */
const VARIABLES: Readonly<Record<string, (path: ReturnType<typeof parsePath>, date: Date) => string>> = {
  vhost: ({ vhost }) => vhost,
  app: ({ app }) => app,
  stream: ({ name }) => name,
  '2006': (_, date) => pad(date.getFullYear(), 4),
  '01': (_, date) => pad(date.getMonth() + 1),
  '02': (_, date) => pad(date.getDate()),
  '15': (_, date) => pad(date.getHours()),
  '04': (_, date) => pad(date.getMinutes()),
  '05': (_, date) => pad(date.getSeconds()),
  '999': (_, date) => pad(date.getMilliseconds(), 3),
  timestamp: (_, date) => String(date.getTime()),
};
const VARIABLE = /\[(\w+)\]/g;
/** What may stand around the variables: nothing that leaves a folder or hides a file. */
const LITERAL = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/;
const LONGEST = 512;

/** Whether a template names files that stay within their folder. */
export function checkTemplate(template: string): boolean {
  const names = [...template.matchAll(VARIABLE)].map((match) => match[1]!);
  const literal = template.replaceAll(VARIABLE, 'x');
  const isKnown = names.every((name) => Object.hasOwn(VARIABLES, name));
  return isKnown && template.length <= LONGEST && LITERAL.test(literal) && !literal.includes('..');
}

/**
 * The name of a recording, relative to its folder and without extension, from a template that {@link checkTemplate} let
 * through; `wall` is microseconds since 1970. The parts of a path are safe in file names, and so is what is made of them here.
 */
export function recordingName(template: string, path: StreamPath, wall: number): string {
  const [parts, date] = [parsePath(path), new Date(wall / MILLISECOND)];
  const name = template.replaceAll(VARIABLE, (_, variable: string) => VARIABLES[variable]!(parts, date));
  // Two parts that are harmless alone, such as "a." and ".b", may not be so side by side.
  return name.replaceAll(/\.{2,}/g, '.').replaceAll(/(^|\/)\.+/g, '$1_');
}
