-- What the parameters of GET /properties/ are answered from: an index for each sort, one for each sort within a
-- location, and the words of a listing, those of its title marked. Of a description the first 50,000 characters count,
-- because a tsvector holds no more than a megabyte.
ALTER TABLE properties_property ADD COLUMN words tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector('pg_catalog.english', title), 'A') ||
  strip(to_tsvector('pg_catalog.english', location || ' ' || left(description, 50000)))
) STORED;

CREATE INDEX properties_property_price_id_idx ON properties_property (price, id);
CREATE INDEX properties_property_created_at_id_idx ON properties_property (created_at, id);

-- Letter case as Unicode has it, whatever the locale of the database; order as memcmp has it, which never changes.
CREATE INDEX properties_property_location_price_id_idx
  ON properties_property ((lower(location COLLATE "und-x-icu") COLLATE "C"), price, id);
CREATE INDEX properties_property_location_created_at_id_idx
  ON properties_property ((lower(location COLLATE "und-x-icu") COLLATE "C"), created_at, id);

-- One for each rank: all words in the title, or anywhere.
CREATE INDEX properties_property_title_words_idx ON properties_property USING gin (ts_filter(words, '{a}'));
CREATE INDEX properties_property_words_idx ON properties_property USING gin (words);

-- A notification is JSON: the transaction, the ids of the rows that existed before, the locations that the rows had or
-- have ("*" in place of a list for more than fit: a payload has less than 8,000 bytes), which program changed them, and
-- when, in milliseconds since the epoch.
CREATE OR REPLACE FUNCTION properties_property_notify() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  touched integer;
  ids jsonb := '[]';
  places jsonb;
  payload text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    touched := 1;
    ids := '"*"';
    places := '"*"';
  ELSIF TG_OP = 'INSERT' THEN
    SELECT count(*), to_jsonb(array_agg(DISTINCT location)) INTO touched, places
      FROM (SELECT location FROM changed LIMIT 501) AS rows;
  ELSE
    SELECT count(*), to_jsonb(array_agg(id)), to_jsonb(array_agg(DISTINCT location)) INTO touched, ids, places
      FROM (SELECT id, location FROM changed LIMIT 501) AS rows;
    IF TG_OP = 'UPDATE' AND touched <= 500 THEN
      SELECT to_jsonb(array_agg(DISTINCT location)) INTO places
        FROM (SELECT location FROM changed UNION SELECT location FROM became) AS locations;
    END IF;
    IF touched > 500 THEN
      ids := '"*"';
    END IF;
  END IF;
  IF touched = 0 THEN
    RETURN NULL;
  END IF;
  IF touched > 500 OR octet_length(places::text) > 1600 OR octet_length(ids::text) + octet_length(places::text) > 7700 THEN
    places := '"*"';
  END IF;
  PERFORM pg_notify('property_listings', jsonb_build_object(
    'transaction', pg_current_xact_id()::text, 'rows', ids, 'locations', places,
    'by', current_setting('application_name'), 'at', floor(extract(epoch FROM clock_timestamp()) * 1000))::text);
  RETURN NULL;
END
$$;

DROP TRIGGER properties_property_updated ON properties_property;
CREATE TRIGGER properties_property_updated AFTER UPDATE ON properties_property
  REFERENCING OLD TABLE AS changed NEW TABLE AS became
  FOR EACH STATEMENT EXECUTE FUNCTION properties_property_notify();

SELECT pg_notify('property_listings', '*');
