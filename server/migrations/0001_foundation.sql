-- The foundation: companies and what they own, conversations, messages, visitor sessions, the change log.
--
-- Conventions: ids are UUIDv7 in 16 bytes; times are microseconds since 1970, UTC; a `num` is the integer name of the same row,
-- for APIs that have integers. Foreign keys carry the company, so that no row can point into another company's. Words are
-- checked by OR, because of an IN's list SQLite makes a table for each row that is written.

-- Facts about this database file, one row.
CREATE TABLE meta (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- One life of the file: a restored backup gets another, which makes every old stream position unknown.
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO meta VALUES (1, abs(random()) % 2147483647 + 1);

CREATE TABLE company (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    property_code TEXT NOT NULL UNIQUE,
    plan TEXT NOT NULL CHECK (plan IN ('test', 'basic', 'premium')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agent (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL REFERENCES company (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'live' OR status = 'away' OR status = 'offline'),
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, id)
) STRICT;

CREATE TABLE api_token (
    id BLOB PRIMARY KEY,
    company_id BLOB NOT NULL REFERENCES company (id),
    agent_id BLOB,
    name TEXT NOT NULL,
    -- SHA-256 of the secret half; the secret itself is shown once and kept nowhere.
    secret_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    FOREIGN KEY (company_id, agent_id) REFERENCES agent (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE channel (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL REFERENCES company (id),
    kind TEXT NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0,
    is_active INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, id)
) STRICT;

CREATE TABLE widget (
    id BLOB PRIMARY KEY,
    company_id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    -- JSON array of CSP host sources: which pages may show the panel.
    allowed_domains TEXT NOT NULL,
    heading TEXT NOT NULL,
    tagline TEXT NOT NULL,
    color TEXT NOT NULL,
    logo_url TEXT,
    show_online_badge INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, channel_id) REFERENCES channel (company_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL REFERENCES company (id),
    name TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (company_id, id)
) STRICT;

CREATE TABLE visitor_session (
    id BLOB PRIMARY KEY,
    company_id BLOB NOT NULL,
    widget_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    access_hash BLOB NOT NULL UNIQUE,
    access_expires_at INTEGER NOT NULL,
    refresh_hash BLOB NOT NULL UNIQUE,
    refresh_expires_at INTEGER NOT NULL,
    -- Whether the access token now valid has been used. Until then the refresh token before it may be used again: its
    -- client has not got the answer.
    is_used INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    FOREIGN KEY (company_id, widget_id) REFERENCES widget (company_id, id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customer (company_id, id)
) STRICT, WITHOUT ROWID;

-- Refresh tokens that were exchanged. One that comes back was copied by somebody, and ends its session.
CREATE TABLE spent_refresh (
    hash BLOB PRIMARY KEY,
    session_id BLOB NOT NULL REFERENCES visitor_session (id) ON DELETE CASCADE,
    -- The newest one of its session: what the client whose answer was lost still holds.
    is_newest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_refresh_session ON spent_refresh (session_id);

CREATE TABLE conversation (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    customer_id BLOB,
    assignee_id BLOB,
    -- The client id of the first message when a visitor started it: starting twice starts one.
    start_key BLOB,
    status TEXT NOT NULL CHECK (status = 'open' OR status = 'pending' OR status = 'resolved' OR status = 'closed'),
    last_seq INTEGER NOT NULL DEFAULT 0,
    customer_read_seq INTEGER NOT NULL DEFAULT 0,
    agent_read_seq INTEGER NOT NULL DEFAULT 0,
    -- Messages of the agent's side after customer_read_seq, kept so that nobody has to count.
    n_unread INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    first_response_at INTEGER,
    resolved_at INTEGER,
    closed_at INTEGER,
    last_message_at INTEGER,
    last_income_at INTEGER,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, channel_id) REFERENCES channel (company_id, id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customer (company_id, id),
    FOREIGN KEY (company_id, assignee_id) REFERENCES agent (company_id, id)
) STRICT;
CREATE UNIQUE INDEX conversation_start ON conversation (customer_id, start_key) WHERE start_key IS NOT NULL;
CREATE INDEX conversation_of_customer ON conversation (customer_id, num);

CREATE TABLE message (
    num INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    company_id BLOB NOT NULL,
    conversation_id BLOB NOT NULL,
    seq INTEGER NOT NULL CHECK (seq >= 1),
    client_id BLOB,
    sender_type TEXT NOT NULL CHECK (sender_type = 'customer' OR sender_type = 'agent' OR sender_type = 'bot' OR sender_type = 'system'),
    sender_id BLOB,
    content TEXT NOT NULL,
    ack INTEGER NOT NULL CHECK (ack BETWEEN -1 AND 3),
    delivered_at INTEGER,
    read_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (conversation_id, seq),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversation (company_id, id)
) STRICT;
CREATE UNIQUE INDEX message_client_id ON message (conversation_id, client_id) WHERE client_id IS NOT NULL;

-- The one durable log that live updates read. `rev` counts 1, 2, 3 in each company.
CREATE TABLE change (
    company_id BLOB NOT NULL,
    rev INTEGER NOT NULL,
    conversation_id BLOB NOT NULL,
    customer_id BLOB,
    kind TEXT NOT NULL CHECK (kind = 'conversation' OR kind = 'message' OR kind = 'receipt'),
    -- Of a message: its seq. Of a receipt: up to which seq.
    seq INTEGER,
    -- Of a receipt: whose (customer, agent), what (delivered, read), and when.
    receipt_by TEXT,
    receipt_state TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (company_id, rev),
    FOREIGN KEY (company_id, conversation_id) REFERENCES conversation (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_of_customer ON change (company_id, customer_id, rev);
