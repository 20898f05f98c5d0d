package demo

import (
	"net"

	"github.com/keywright/keywright/internal/config"
	"github.com/keywright/keywright/internal/daemon"
)

// site is where a system's customers read, sign in and make keys.
func (s *system) site() *config.Site {
	out := &config.Site{
		Hosts: []string{"docs." + s.host()}, Title: s.brand + " example API", Brand: config.Brand{Name: s.brand, Accent: s.accent},
		Variable: s.variable, Schemes: []string{s.scheme}, Tenants: config.Marked{Metadata: systemMark, Is: s.name}, TestKeys: s.testKeys,
		Register:  s.register,
		Words:     s.words,
		Services:  s.services,
		Changelog: []config.Changelog{{Date: "2026-11-21", Text: "The first version of this example."}},
	}
	return out
}

// handbooks are the documents and pages that the examples carry.
func handbooks() map[string]daemon.Handbook {
	all := map[string]daemon.Handbook{}
	for _, s := range systems() {
		all[s.name] = daemon.Handbook{OpenAPI: s.openAPI(), Pages: s.pages}
	}
	return all
}

// siteURL is where a system's site is; "" is the operators' own.
func (d *Demo) siteURL(name string) string {
	_, plain, _ := net.SplitHostPort(d.daemon.Address("http"))
	_, secure, _ := net.SplitHostPort(d.daemon.Address("https"))
	for _, s := range systems() {
		switch {
		case s.name != name:
		case s.tls:
			return "https://docs." + s.host() + ":" + secure
		default:
			return "http://docs." + s.host() + ":" + plain
		}
	}
	return "http://" + consoleHost + ":" + plain
}

// siteURLs are all of them, under both doors: a person may come by either.
func (d *Demo) siteURLs() []string {
	_, plain, _ := net.SplitHostPort(d.daemon.Address("http"))
	_, secure, _ := net.SplitHostPort(d.daemon.Address("https"))
	hosts := []string{consoleHost}
	for _, s := range systems() {
		hosts = append(hosts, "docs."+s.host())
	}
	var all []string
	for _, h := range hosts {
		all = append(all, "http://"+h+":"+plain, "https://"+h+":"+secure)
	}
	return all
}
