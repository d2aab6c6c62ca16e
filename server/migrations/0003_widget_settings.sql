-- How a widget looks and behaves where the business chose something else than the default: JSON, by the names of the API.
ALTER TABLE widget ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
-- The key with which the business signs who its visitors are. As it is and not its hash, for both sides compute with it.
ALTER TABLE widget ADD COLUMN identity_secret TEXT;
