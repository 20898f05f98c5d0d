CREATE TABLE tenants (
	id   {text}  NOT NULL PRIMARY KEY,
	ref  {text}  NOT NULL,
	body {bytes} NOT NULL
) {table};
CREATE UNIQUE INDEX tenants_ref ON tenants (ref) WHERE ref <> '';

CREATE TABLE keys (
	id      {bytes} NOT NULL PRIMARY KEY,
	tenant  {text}  NOT NULL,
	scheme  {text}  NOT NULL,
	digest  {bytes} NOT NULL,
	revoked {int}   NOT NULL,
	body    {bytes} NOT NULL
) {table};
CREATE UNIQUE INDEX keys_digest ON keys (digest);
CREATE INDEX keys_tenant ON keys (tenant, id);
CREATE INDEX keys_scheme ON keys (scheme, id);

CREATE TABLE events (
	seq    {int}   NOT NULL PRIMARY KEY,
	at     {int}   NOT NULL,
	act    {text}  NOT NULL,
	actor  {text}  NOT NULL,
	key_id {bytes} NOT NULL,
	tenant {text}  NOT NULL,
	body   {bytes} NOT NULL
) {log};
CREATE INDEX events_key ON events (key_id, seq);
CREATE INDEX events_tenant ON events (tenant, seq);

CREATE TABLE receipts (
	id      {text}  NOT NULL PRIMARY KEY,
	request {bytes} NOT NULL,
	result  {bytes} NOT NULL,
	at      {int}   NOT NULL
) {table};
CREATE INDEX receipts_at ON receipts (at);
