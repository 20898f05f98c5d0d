package console

// deskRoutes are the operators': each form is one operation of the management API,
// which v.desk() calls in the name of whoever is there.
func (s *site) deskRoutes() {}

// deskThings finds tenants and keys by their names.
func (v *visit) deskThings(string) []link { return nil }
