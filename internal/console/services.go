package console

import (
	"net/http"
	"slices"

	"github.com/keywright/keywright"
	"github.com/keywright/keywright/people"
)

const servicesPath = root + "/services"

// servicesBody lists what an account's admins switch on and off.
type servicesBody struct {
	Table table
	May   bool
}

// offBody is about a service that is to be switched off.
type offBody struct{ Service string }

// isOn reports whether a service of the tenant is on.
func (v *visit) isOn(service string) bool { return slices.Contains(v.who.Tenant.Services, service) }

func (v *visit) servicesForm() page {
	b := servicesBody{May: v.who.May(people.WriteServices)}
	b.Table = table{Name: "Services", Empty: "There are no services to switch here.", Columns: []column{{Title: "Service"}, {Title: "State"}}}
	if b.May {
		b.Table.Columns = append(b.Table.Columns, column{Title: "Switch"})
	}
	for _, name := range v.Self.Services() {
		line := []cell{{Text: capital(name)}, {State: string(keywright.Active), Text: "On"}}
		if !v.isOn(name) {
			line[1] = cell{State: string(keywright.StateExpired), Text: "Off"}
		}
		if b.May {
			line = append(line, v.switchCell(name))
		}
		b.Table.Rows = append(b.Table.Rows, line)
	}
	return page{Title: "Services", Section: "Services", Body: b}
}

// switchCell is the way to switch a service: on at once, off by a page that asks first.
func (v *visit) switchCell(name string) cell {
	if v.isOn(name) {
		return cell{Text: "Switch off", For: capital(name), Link: v.link(servicesPath + "/off?service=" + escape(name))}
	}
	f := smallForm{Action: servicesPath, Button: "Switch on", For: capital(name), Hidden: map[string]string{"service": name, "on": "1"}}
	v.along(f.Hidden)
	return cell{Form: &f}
}

func (v *visit) servicesPage() error {
	if len(v.Self.Services()) == 0 || v.who.Tenant.ID == "" {
		return v.nowhere()
	}
	p := v.servicesForm()
	p.Notice = map[string]string{
		"on":  "The service is on. Keys open it from now on.",
		"off": "The service is off. Requests to it are refused from now on.",
	}[v.r.FormValue("done")]
	return v.show(http.StatusOK, "services", p)
}

// switched is the service that a form is about.
func (v *visit) switched() (string, error) {
	name := v.r.FormValue("service")
	if !slices.Contains(v.Self.Services(), name) {
		return "", &keywright.Error{Kind: keywright.NotFound, Detail: "there is no such service to switch here"}
	}
	return name, nil
}

func (v *visit) offForm(name string) page {
	return page{Title: "Switch " + name + " off?", Section: "Services", Narrow: true, Body: offBody{name}}
}

func (v *visit) servicesOffPage() error {
	name, err := v.switched()
	if err != nil {
		return err
	}
	if err := v.mayPeople(people.WriteServices); err != nil {
		return err
	}
	return v.show(http.StatusOK, "serviceoff", v.offForm(name))
}

// switchService switches one service, and leaves the others as they are.
func (v *visit) switchService() error {
	if err := v.mayPeople(people.WriteServices); err != nil {
		return err
	}
	name, err := v.switched()
	if err != nil {
		return err
	}
	on, done := v.r.PostFormValue("on") != "", "on"
	if !on {
		done = "off"
		if err := v.typedName(name); err != nil {
			return v.again("serviceoff", v.offForm(name), err)
		}
	}
	var all []string
	for _, one := range v.Self.Services() {
		if (one == name && on) || (one != name && v.isOn(one)) {
			all = append(all, one)
		}
	}
	if _, err := v.Self.SetServices(v.ctx(), *v.who, all); err != nil {
		return err
	}
	return v.redirect(v.link(servicesPath + "?done=" + done))
}
