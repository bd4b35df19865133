/** Header fields by their names in lower case; a repeated field is one list (RFC 9110 §5.3). */
export type Headers = Readonly<Record<string, string | undefined>>;

/** As Node gives them: numbers from a handler, arrays for fields that were repeated. */
type NodeHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export function toHeaders(headers: NodeHeaders): Record<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), fieldOf(value)]));
}

export function pick<V>(headers: Readonly<Record<string, V>>, keep: (name: string, value: V) => boolean) {
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => keep(name, value)));
}

function fieldOf(value: NodeHeaders[string]): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const TIME = String.raw`(?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2})`;

/** The three formats of RFC 9110 §5.6.7, of which only the first is sent today. */
const DATES = [
  new RegExp(String.raw`^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) ${TIME} GMT$`, 'i'),
  new RegExp(String.raw`^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) ${TIME} GMT$`, 'i'),
  new RegExp(String.raw`^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`, 'i'),
];

/** Milliseconds since the epoch; undefined for what is no date of HTTP, however clear its meaning. */
export function parseHttpDate(field: string | undefined): number | undefined {
  for (const format of field === undefined ? [] : DATES) {
    const groups = format.exec(String(field))?.groups;
    const month = MONTHS.indexOf(groups?.month?.toLowerCase() ?? '');
    if (!groups || month < 0) continue;
    const { day, year, h, m, s } = groups;
    if (Number(h) > 23 || Number(m) > 59 || Number(s) > 60) return undefined;
    const date = new Date(
      Date.UTC(fullYear(Number(year)), month, Number(day), Number(h), Number(m), Number(s)),
    );
    return date.getUTCMonth() === month || Number(s) === 60 ? date.getTime() : undefined;
  }
  return undefined;
}

/** A year of two digits that seems to be more than 50 years ahead is one of the past (RFC 9110 §5.6.7). */
function fullYear(year: number): number {
  if (year >= 100) return year;
  const now = new Date().getUTCFullYear();
  const candidate = now - (now % 100) + year;
  return candidate > now + 50 ? candidate - 100 : candidate;
}
