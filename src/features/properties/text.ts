/** White space (Unicode's list), and characters that neither show nor join anything: a text of them counts as empty. */
const BLANK = /[\p{White_Space}\u00AD\u180E\u200B\u2060\u2800\u3164\uFEFF\uFFA0]/u;

/**
 * A character that can be seen. Fillers, joiners, marks of direction, selectors of variants and control characters cannot
 * (Unicode Standard Annex #44, Default_Ignorable_Code_Point), nor can the signs of Braille, hieroglyphs, Khitan and
 * music that stand for nothing.
 */
const VISIBLE =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800\u{13441}\u{13442}\u{16FE4}\u{1D159}]/u;

/** The UTF-16 units of the blanks: all of them are a single one. */
const BLANKS = new Set(
  Array.from({ length: 0x10000 }, (_, unit) => unit).filter((unit) => BLANK.test(String.fromCharCode(unit))),
);

/**
 * The text without the blanks around it. Joiners and marks of direction stay, as do selectors of variants: they belong
 * to what stands beside them, as in ❤️. Looks at each blank once: a pattern with `+$` would begin anew at every one inside.
 */
export function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && BLANKS.has(text.charCodeAt(start))) start += 1;
  while (end > start && BLANKS.has(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Text that says something and can be kept: PostgreSQL cannot store a NUL, and a lone surrogate has no UTF-8. */
export const isText = (value: string): boolean =>
  !value.includes('\0') && value.isWellFormed() && VISIBLE.test(value);
