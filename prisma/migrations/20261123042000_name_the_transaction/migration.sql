-- A notification begins with the id of its transaction and a colon: those who share a Redis tell by it that one of
-- them has invalidated already. The rest of the payload is as before.
CREATE OR REPLACE FUNCTION properties_property_notify() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  touched bigint := 0;
  ids text := '';
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    touched := 1;
    ids := '*';
  ELSIF TG_OP = 'INSERT' THEN
    SELECT count(*) INTO touched FROM (SELECT 1 FROM changed LIMIT 1) AS any_row;
  ELSE
    SELECT count(*), CASE WHEN count(*) > 500 THEN '*' ELSE string_agg(id::text, ',') END
      INTO touched, ids FROM changed;
  END IF;
  IF touched > 0 THEN
    PERFORM pg_notify('property_listings', pg_current_xact_id()::text || ':' || ids);
  END IF;
  RETURN NULL;
END
$$;

SELECT pg_notify('property_listings', '*');
