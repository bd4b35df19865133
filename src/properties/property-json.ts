/**
 * SQL that makes of a row the JSON that `toProperty` and `JSON.stringify` make of it, to the byte, for dates of four
 * digits. A row with a date at the end of time, which has no other form, is listed with PostgreSQL's word for it.
 * https://www.postgresql.org/docs/current/functions-json.html: `to_json` escapes as RFC 8259 has it.
 */
export const propertyJson = [
  `'{"id":' || id`,
  `',"title":' || to_json(title)`,
  `',"description":' || to_json(description)`,
  `',"price":"' || price`,
  `'","location":' || to_json(location)`,
  `',"created_at":"' || CASE WHEN isfinite(created_at) THEN to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') ELSE created_at::text END || '"}'`,
].join(' || ');
