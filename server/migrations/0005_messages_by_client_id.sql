-- Client ids grow with time, so new ones lie side by side, and messages of many conversations that are stored together are
-- entered on one page of the index. By conversation each would have changed a page of its own, which goes to the disk whole.
DROP INDEX message_client_id;
CREATE UNIQUE INDEX message_client_id ON message (client_id, conversation_id) WHERE client_id IS NOT NULL;
