package scheme

import _ "embed"

//go:embed scheme.schema.json
var jsonSchema string

// JSONSchema returns the JSON Schema of a scheme's file, for editors. It knows
// the grammar's fields and words; what holds across fields, Parse alone knows.
func JSONSchema() []byte { return []byte(jsonSchema) }
