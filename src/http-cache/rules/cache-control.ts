import type { Headers } from './headers.ts';

/** Directives by their names in lower case; those without an argument are empty. */
export type Directives = ReadonlyMap<string, string>;

/** Larger than any age: about 68 years (RFC 9111 §1.2.2). Seconds. */
export const MAX_SECONDS = 2_147_483_648;

/** A member of the list: a name, and an argument that is a token or a quoted string (RFC 9111 §5.2). */
const DIRECTIVE = /([^\s,;="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?[^,]*/g;

/** Of a directive that is given twice the first counts (RFC 9111 §4.2.1). */
export function parseCacheControl(field: string | undefined): Directives {
  const directives = new Map<string, string>();
  for (const [, name = '', quoted, token] of field?.matchAll(DIRECTIVE) ?? []) {
    const key = name.toLowerCase();
    if (!directives.has(key)) directives.set(key, quoted ?? token ?? '');
  }
  return directives;
}

/** The seconds that a directive names; 0 for an argument that is no number, and undefined without the directive. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const argument = directives.get(name);
  if (argument === undefined) return undefined;
  return /^\d+$/.test(argument) ? Math.min(Number(argument), MAX_SECONDS) : 0;
}

/** A string, a boolean, a number or a token (RFC 8941 §3.3); directives have neither bytes nor inner lists. */
const ITEM = String.raw`(?:"(?:[ !#-[\]-~]|\\["\\])*"|\?[01]|-?\d{1,15}(?:\.\d{1,3})?|[A-Za-z*][\w!#$%&'*+.^${'`'}|~:/-]*)`;
const KEY = '[a-z*][a-z0-9_.*-]*';

/** A member of a dictionary (RFC 8941 §3.2); its parameters mean nothing (RFC 9213 §2.1). */
const MEMBER = new RegExp(
  String.raw`(${KEY})(?:=(${ITEM}))?(?:; *${KEY}(?:=${ITEM})?)*(?:[ \t]*,[ \t]*(?=.)|$)`,
  'y',
);

/** Undefined for what is no dictionary, and for seconds that are a string. Of a key given twice the last counts. */
function parseTargeted(field: string): Directives | undefined {
  const directives = new Map<string, string>();
  for (let at = 0; at < field.length; at = MEMBER.lastIndex) {
    MEMBER.lastIndex = at;
    const [, key, value = ''] = MEMBER.exec(field) ?? [];
    if (key === undefined || (/^(max-age|s-maxage)$/.test(key) && value.startsWith('"'))) return undefined;
    directives.set(key, value.replace(/^"(.*)"$/, '$1'));
  }
  return directives.size > 0 ? directives : undefined;
}

/** What speaks to a shared cache: the directives, and `Expires` where it counts. */
export interface Rules {
  readonly directives: Directives;
  readonly expires: string | undefined;
}

/**
 * `CDN-Cache-Control` takes the place of `Cache-Control` and `Expires`, unless it is no dictionary, or one whose
 * `max-age` is no number (RFC 9213 §2.1, §2.2).
 */
export function rulesFor(headers: Headers): Rules {
  const targeted = parseTargeted(headers['cdn-cache-control']?.trim() ?? '');
  if (targeted) return { directives: targeted, expires: undefined };
  return { directives: parseCacheControl(headers['cache-control']), expires: headers.expires };
}
