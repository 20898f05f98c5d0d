CREATE TABLE use_hours (
	scope  {text} NOT NULL,
	hour   {int}  NOT NULL,
	api    {text} NOT NULL,
	reason {text} NOT NULL,
	times  {int}  NOT NULL,
	PRIMARY KEY (scope, hour, api, reason)
) {table};
CREATE INDEX use_hours_hour ON use_hours (hour);
CREATE TABLE use_keys (
	key_id  {bytes} NOT NULL PRIMARY KEY,
	at      {int}   NOT NULL,
	address {text}  NOT NULL
) {table};
CREATE INDEX use_keys_at ON use_keys (at);
CREATE TABLE use_addresses (
	key_id  {bytes} NOT NULL,
	address {text}  NOT NULL,
	times   {int}   NOT NULL,
	at      {int}   NOT NULL,
	PRIMARY KEY (key_id, address)
) {table};
CREATE INDEX use_addresses_at ON use_addresses (at);
CREATE TABLE use_batches (
	id {bytes} NOT NULL PRIMARY KEY,
	at {int}   NOT NULL
) {table};
CREATE INDEX use_batches_at ON use_batches (at);
