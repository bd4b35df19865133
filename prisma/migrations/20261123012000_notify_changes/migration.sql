-- Tells every instance of the service what a committed statement changed, whoever made it: one notification a
-- statement, delivered at commit and not on rollback. The payload names the rows that existed before, as ids
-- separated by commas: none for new rows, `*` for more than fit (a payload has less than 8,000 bytes).
CREATE FUNCTION properties_property_notify() RETURNS trigger
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
    PERFORM pg_notify('property_listings', ids);
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER properties_property_inserted AFTER INSERT ON properties_property
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION properties_property_notify();

CREATE TRIGGER properties_property_updated AFTER UPDATE ON properties_property
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION properties_property_notify();

CREATE TRIGGER properties_property_deleted AFTER DELETE ON properties_property
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION properties_property_notify();

CREATE TRIGGER properties_property_truncated AFTER TRUNCATE ON properties_property
  FOR EACH STATEMENT EXECUTE FUNCTION properties_property_notify();

-- A table that was made anew (prisma migrate reset) is a change as well. Every migration ends with this.
SELECT pg_notify('property_listings', '*');
