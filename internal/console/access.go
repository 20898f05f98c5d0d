package console

import (
	"github.com/keywright/keywright"
	"github.com/keywright/keywright/api"
	"github.com/keywright/keywright/people"
)

const accessPath = root + "/access"

// asked are the requests for access that the tenant has made, the latest of each
// environment; nothing is asked for where everything is open.
func (v *visit) asked(p keywright.Policy) (map[string]api.AccessRequest, error) {
	return nil, nil //nolint:nilnil // none
}

// closed is an environment that the tenant has not been granted, with what became of
// asking for it.
func (v *visit) closed(name string, asked map[string]api.AccessRequest) place {
	one := place{Name: name, Why: capital(name) + " access has not been granted yet."}
	may := v.who.May(people.WriteKeys)
	request, there := asked[name]
	switch {
	case there && request.State == api.AccessOpen:
		one.Why += " " + request.RequestedBy + " asked " + v.Name + " for it " + ago(v.now(), request.CreatedAt) + ": it has not been decided yet."
		may = false
	case there && request.State == api.AccessDeclined:
		one.Why = v.Name + " has declined " + capital(name) + " access: " + sentence(request.Answer)
	}
	if may {
		one.Ask = v.link(accessPath + "?environment=" + escape(name))
	}
	return one
}
