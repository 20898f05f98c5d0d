CREATE TABLE people (
	kind    {text}  NOT NULL,
	id      {text}  NOT NULL,
	name    {text}  NOT NULL,
	owner   {text}  NOT NULL,
	tenant  {text}  NOT NULL,
	expires {int}   NOT NULL,
	version {int}   NOT NULL,
	body    {bytes} NOT NULL,
	PRIMARY KEY (kind, id)
) {log};
CREATE UNIQUE INDEX people_name ON people (kind, name) WHERE name <> '';
CREATE INDEX people_owner ON people (kind, owner, id) WHERE owner <> '';
CREATE INDEX people_tenant ON people (kind, tenant, id) WHERE tenant <> '';
CREATE INDEX people_expires ON people (expires) WHERE expires <> 0;
