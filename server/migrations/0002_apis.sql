-- What the four conversation APIs know: companies with a parent, agents with roles, tokens with scopes, channels of outside
-- apps, customers with names and handles, attachments, delivery jobs, webhooks, guest sessions, idempotency keys.
--
-- Numbers that clients keep (`num`) are never given out twice: tables whose rows can go use AUTOINCREMENT, and what is
-- erased from the others leaves its row behind, empty.

-- A company made through a token belongs to the token's company, whose tokens may act for it.
ALTER TABLE company ADD COLUMN parent_id BLOB REFERENCES company (id);
ALTER TABLE company ADD COLUMN phone TEXT;
ALTER TABLE company ADD COLUMN description TEXT;
ALTER TABLE company ADD COLUMN is_hidden INTEGER NOT NULL DEFAULT 0;
CREATE INDEX company_of_parent ON company (parent_id) WHERE parent_id IS NOT NULL;

ALTER TABLE agent ADD COLUMN email TEXT;
ALTER TABLE agent ADD COLUMN role TEXT NOT NULL DEFAULT 'agent';
ALTER TABLE agent ADD COLUMN revoked_at INTEGER;
CREATE INDEX agent_of_company ON agent (company_id);

-- 'read', 'write' or 'admin': each may do what those before it may.
ALTER TABLE api_token ADD COLUMN scope TEXT NOT NULL DEFAULT 'admin' CHECK (scope IN ('read', 'write', 'admin'));
ALTER TABLE api_token ADD COLUMN last_used_at INTEGER;
CREATE INDEX api_token_of_company ON api_token (company_id);

-- Tokens that stand for an API token for some hours, and are revoked with it.
CREATE TABLE access_token (
    -- SHA-256 of the access token.
    hash BLOB PRIMARY KEY,
    -- SHA-256 of the refresh token; null when it has been used.
    refresh_hash BLOB UNIQUE,
    token_id BLOB NOT NULL REFERENCES api_token (id),
    expires_at INTEGER NOT NULL,
    -- When the row is good for nothing: the end of the refresh token, or of the access token when that was used.
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_age ON access_token (kept_until);

ALTER TABLE channel ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
ALTER TABLE channel ADD COLUMN deleted_at INTEGER;
-- A company has one channel of a kind.
CREATE UNIQUE INDEX channel_of_kind ON channel (company_id, kind) WHERE deleted_at IS NULL;

ALTER TABLE widget ADD COLUMN name TEXT;
ALTER TABLE widget ADD COLUMN domain TEXT;
ALTER TABLE widget ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX widget_of_domain ON widget (company_id, domain) WHERE domain IS NOT NULL;

ALTER TABLE customer ADD COLUMN first_name TEXT;
ALTER TABLE customer ADD COLUMN last_name TEXT;
ALTER TABLE customer ADD COLUMN email TEXT;
ALTER TABLE customer ADD COLUMN phone TEXT;
ALTER TABLE customer ADD COLUMN username TEXT;
ALTER TABLE customer ADD COLUMN external_id TEXT;
ALTER TABLE customer ADD COLUMN avatar_url TEXT;
ALTER TABLE customer ADD COLUMN language TEXT;
ALTER TABLE customer ADD COLUMN room TEXT;
ALTER TABLE customer ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
-- Everything about them was erased; the row keeps its number from being given to somebody else.
ALTER TABLE customer ADD COLUMN erased_at INTEGER;
CREATE INDEX customer_of_company ON customer (company_id) WHERE erased_at IS NULL;
CREATE UNIQUE INDEX customer_external ON customer (company_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX customer_email ON customer (company_id, email) WHERE email IS NOT NULL;
CREATE INDEX customer_room ON customer (company_id, room) WHERE room IS NOT NULL;

-- Who a customer is on a channel: a user name, a phone number, an id.
CREATE TABLE customer_handle (
    channel_id BLOB NOT NULL,
    handle TEXT NOT NULL,
    company_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    PRIMARY KEY (channel_id, handle),
    UNIQUE (customer_id, channel_id),
    FOREIGN KEY (company_id, channel_id) REFERENCES channel (company_id, id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customer (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE outlet (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id BLOB NOT NULL REFERENCES company (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (company_id, code)
) STRICT;
INSERT INTO outlet (company_id, code, name) SELECT id, 'MAIN', name FROM company;

ALTER TABLE conversation ADD COLUMN subject TEXT;
ALTER TABLE conversation ADD COLUMN kind TEXT;
ALTER TABLE conversation ADD COLUMN order_code TEXT;
ALTER TABLE conversation ADD COLUMN outlet_num INTEGER REFERENCES outlet (num);
ALTER TABLE conversation ADD COLUMN note TEXT;
ALTER TABLE conversation ADD COLUMN is_bitrix_blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN meta TEXT NOT NULL DEFAULT '{}';
-- Its customer was erased, and it with them.
ALTER TABLE conversation ADD COLUMN erased_at INTEGER;
-- Lists by number, and lists by last update with and without a status: those without merge the four statuses.
CREATE INDEX conversation_of_company ON conversation (company_id) WHERE erased_at IS NULL;
CREATE INDEX conversation_by_update ON conversation (company_id, status, updated_at) WHERE erased_at IS NULL;
CREATE INDEX conversation_of_assignee ON conversation (company_id, assignee_id, status, updated_at)
    WHERE assignee_id IS NOT NULL AND erased_at IS NULL;

-- The channels a conversation was on before it was moved: whoever meets its customer there again goes on with it.
CREATE TABLE conversation_channel (
    conversation_id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    company_id BLOB NOT NULL,
    PRIMARY KEY (conversation_id, channel_id),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversation (company_id, id),
    FOREIGN KEY (company_id, channel_id) REFERENCES channel (company_id, id)
) STRICT, WITHOUT ROWID;

-- JSON array of the message's attachments as they were sent, so that reading a message reads one row.
ALTER TABLE message ADD COLUMN attachments TEXT;
ALTER TABLE message ADD COLUMN language TEXT;

CREATE TABLE attachment (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL REFERENCES company (id),
    -- The visitor who uploaded it; null when the business did.
    customer_id BLOB,
    -- The message it was sent with; null until then.
    message_id BLOB,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    key TEXT NOT NULL UNIQUE,
    width INTEGER,
    height INTEGER,
    created_at INTEGER NOT NULL,
    FOREIGN KEY (company_id, customer_id) REFERENCES customer (company_id, id)
) STRICT;
CREATE INDEX attachment_unsent ON attachment (created_at) WHERE message_id IS NULL;
CREATE INDEX attachment_of_message ON attachment (message_id) WHERE message_id IS NOT NULL;

-- How a message reaches an outside app.
CREATE TABLE delivery_job (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    message_id BLOB NOT NULL UNIQUE,
    seq INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state = 'trying_deliver' OR state = 'delivered' OR state = 'failed'),
    reason TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversation (company_id, id),
    FOREIGN KEY (company_id, channel_id) REFERENCES channel (company_id, id)
) STRICT;
CREATE INDEX delivery_job_open ON delivery_job (num) WHERE state = 'trying_deliver';
CREATE INDEX delivery_job_open_of_conversation ON delivery_job (conversation_id, num) WHERE state = 'trying_deliver';

-- Sessions of the iRiS API: a token that stands for an API token, and perhaps for a guest.
CREATE TABLE guest_session (
    hash BLOB PRIMARY KEY,
    company_id BLOB NOT NULL REFERENCES company (id),
    token_id BLOB NOT NULL REFERENCES api_token (id),
    customer_id BLOB,
    language TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (company_id, customer_id) REFERENCES customer (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX guest_session_expiry ON guest_session (expires_at);

-- Answers kept for requests that named themselves with an Idempotency-Key.
CREATE TABLE idempotency_key (
    company_id BLOB NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of what was asked.
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (company_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);

CREATE TABLE webhook (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL REFERENCES company (id),
    -- Whose events it is told: Pact's, one for each company, or our own.
    format TEXT NOT NULL CHECK (format IN ('pact', 'native')),
    url TEXT NOT NULL,
    -- What deliveries are signed with. Not hashed: it is needed to sign.
    secret TEXT NOT NULL,
    -- JSON array of the events that are wanted; empty: all of them.
    events TEXT NOT NULL,
    -- How far of the change log has been turned into deliveries.
    read_rev INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX webhook_of_pact ON webhook (company_id) WHERE format = 'pact';
CREATE INDEX webhook_of_company ON webhook (company_id);

-- Deliveries that are still to be made, in this order within a conversation.
CREATE TABLE webhook_delivery (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    webhook_num INTEGER NOT NULL REFERENCES webhook (num) ON DELETE CASCADE,
    conversation_id BLOB,
    body TEXT NOT NULL,
    n_attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_delivery_of_webhook ON webhook_delivery (webhook_num, num);
CREATE INDEX webhook_delivery_of_conversation ON webhook_delivery (conversation_id, webhook_num, num)
    WHERE conversation_id IS NOT NULL;

-- The change log again, with more kinds of change, and with what tells a new thing from a changed one.
CREATE TABLE change_v2 (
    company_id BLOB NOT NULL,
    rev INTEGER NOT NULL,
    -- Null for a change of a customer alone.
    conversation_id BLOB,
    customer_id BLOB,
    kind TEXT NOT NULL CHECK (kind = 'conversation' OR kind = 'message' OR kind = 'receipt' OR kind = 'customer' OR kind = 'job'),
    is_new INTEGER NOT NULL DEFAULT 0,
    -- Of a message: its seq. Of a receipt: up to which seq. Of a job: its num.
    seq INTEGER,
    -- Of a receipt: from which seq, whose (customer, agent), what (delivered, read).
    receipt_from_seq INTEGER,
    receipt_by TEXT,
    receipt_state TEXT,
    -- Of a message: how far it had come then.
    ack INTEGER,
    at INTEGER NOT NULL,
    PRIMARY KEY (company_id, rev),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversation (company_id, id)
) STRICT, WITHOUT ROWID;
INSERT INTO change_v2 (company_id, rev, conversation_id, customer_id, kind, is_new, seq, receipt_by, receipt_state, at)
    SELECT company_id, rev, conversation_id, customer_id, kind, kind = 'message', seq, receipt_by, receipt_state, at FROM change;
DROP TABLE change;
ALTER TABLE change_v2 RENAME TO change;
CREATE INDEX change_of_customer ON change (company_id, customer_id, rev);
