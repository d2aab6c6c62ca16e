-- Where an agent's picture is: an https address, which visitors' browsers fetch.
ALTER TABLE agent ADD COLUMN avatar_url TEXT;
