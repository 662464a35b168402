-- Which codings are still on a body, for example a compression that this version cannot undo. Nothing of 0001 to 0003 changes its
-- meaning: null where a body lies plain, as all before did.
ALTER TABLE kept_message ADD COLUMN content_encoding TEXT;
ALTER TABLE forward ADD COLUMN content_encoding TEXT;
