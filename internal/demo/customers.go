package demo

import (
	"context"
	"fmt"
	"time"
)

// domainTrustLife is how long the demo's Domain Trust keys live: they must
// expire, and a person who travels through an overlap should not outlive them.
const domainTrustLife = 365 * 24 * time.Hour

// customers fills in everybody's keys.
func (s *seeder) customers(ctx context.Context, c *Credentials) error {
	for _, fill := range []func(context.Context, *Credentials) error{s.acme, s.trustifi, s.truestamp, s.trusset, s.mica, s.domaintrust, s.trustswiftly} {
		if err := fill(ctx, c); err != nil {
			return err
		}
	}
	var err error
	c.Management.Key, err = s.operator(ctx)
	return err
}

func (s *seeder) acme(ctx context.Context, c *Credentials) error {
	w := wish{system: "acme", ref: "demo-acme", name: "Road Runner Deliveries", plan: "team", services: []string{"reports"}, environments: []string{"live", "test"}}
	id, keys, err := s.tenant(ctx, w, w.plan, grant{
		scheme: "keywright", name: "Demo", environment: "live", permissions: []string{"messages:read", "messages:write", "events:read"},
	})
	if err != nil {
		return err
	}
	c.Acme.Tenant, c.Acme.Key, c.Acme.KeyID = string(id), keys[0].key, keys[0].id
	return nil
}

func (s *seeder) trustifi(ctx context.Context, c *Credentials) error {
	for i, email := range []string{"ada@trustifi.example", "grace@trustifi.example"} {
		w := wish{system: "trustifi", ref: fmt.Sprintf("demo-trustifi-%d", i+1), name: email}
		id, keys, err := s.tenant(ctx, w, w.plan, grant{scheme: "trustifi"})
		if err != nil {
			return err
		}
		c.Trustifi.Users = append(c.Trustifi.Users, TrustifiUser{Email: email, Tenant: string(id), Key: keys[0].key, Secret: keys[0].secret, KeyID: keys[0].id})
	}
	return nil
}

func (s *seeder) truestamp(ctx context.Context, c *Credentials) error {
	for i, email := range []string{"ada@truestamp.example", "grace@truestamp.example"} {
		w := wish{system: "truestamp", ref: fmt.Sprintf("demo-truestamp-%d", i+1), name: email}
		id, keys, err := s.tenant(ctx, w, w.plan, grant{scheme: "truestamp", name: "Demo"})
		if err != nil {
			return err
		}
		c.Truestamp.Users = append(c.Truestamp.Users, User{Email: email, Tenant: string(id), Key: keys[0].key, KeyID: keys[0].id})
	}
	return nil
}

func (s *seeder) trusset(ctx context.Context, c *Credentials) error {
	all := []string{"tokenization", "trading", "lending", "custody"}
	for _, w := range []wish{
		{system: "trusset", ref: "demo0001", name: "An instance with every service", services: all},
		{system: "trusset", ref: "demo0002", name: "An instance with lending switched off", services: []string{"tokenization", "trading", "custody"}},
		{system: "trusset", ref: "demo0003", name: "An archived instance", services: all, archived: true},
	} {
		id, keys, err := s.tenant(ctx, w, w.plan, grant{scheme: "trusset-instance", name: "Default"})
		if err != nil {
			return err
		}
		c.Trusset.Instances = append(c.Trusset.Instances, Instance{
			Ref: w.ref, Tenant: string(id), Services: w.services, Archived: w.archived, Key: keys[0].key, KeyID: keys[0].id,
		})
	}
	return nil
}

// mica is a registrant: a key for the register, and the token that manages that
// one key, named in the token's metadata.
func (s *seeder) mica(ctx context.Context, c *Credentials) error {
	w := wish{system: "trusset", ref: "demo-mica", name: "registrant@trusset.example"}
	id, keys, err := s.tenant(ctx, w, w.plan, grant{scheme: "trusset-mica"})
	if err != nil {
		return err
	}
	token, err := s.issue(ctx, string(id), grant{scheme: "trusset-mica-management", metadata: map[string]string{"key_id": keys[0].id}})
	if err != nil {
		return err
	}
	c.Trusset.Mica = Mica{Tenant: string(id), Key: keys[0].key, KeyID: keys[0].id, ManagementToken: token.key, ManagementTokenID: token.id}
	return nil
}

func (s *seeder) domaintrust(ctx context.Context, c *Credentials) error {
	for i, o := range []struct {
		name       string
		production bool
	}{{"Northern Registrar", true}, {"Harbour Hosting", true}, {"Meadow Mail", false}} {
		w := wish{system: "domaintrust", ref: fmt.Sprintf("demo-domaintrust-%d", i+1), name: o.name}
		grants := []grant{
			{scheme: "domain-trust", name: "Testing", environment: "testing", ttl: domainTrustLife},
			{scheme: "domain-trust", name: "Testing, a colleague's", environment: "testing", ttl: domainTrustLife},
		}
		if o.production {
			w.environments = []string{"production"}
			grants = append(grants, grant{scheme: "domain-trust", name: "Production", environment: "production", ttl: domainTrustLife})
		}
		id, keys, err := s.tenant(ctx, w, w.plan, grants...)
		if err != nil {
			return err
		}
		org := Organization{
			Name: o.name, Tenant: string(id), Production: o.production,
			TestingKey: keys[0].key, TestingKeyID: keys[0].id, SecondTestingKey: keys[1].key, SecondTestingKeyID: keys[1].id,
		}
		if o.production {
			org.ProductionKey, org.ProductionKeyID = keys[2].key, keys[2].id
		}
		c.DomainTrust.Organizations = append(c.DomainTrust.Organizations, org)
	}
	return nil
}

func (s *seeder) trustswiftly(ctx context.Context, c *Credentials) error {
	for i, a := range []struct{ name, plan string }{{"Corner Shop", "growth"}, {"Market Stall", "free"}} {
		w := wish{system: "trustswiftly", ref: fmt.Sprintf("demo-trustswiftly-%d", i+1), name: a.name, plan: a.plan}
		id, keys, err := s.tenant(ctx, w, "growth", grant{scheme: "trust-swiftly", name: "Demo"})
		if err != nil {
			return err
		}
		c.TrustSwiftly.Accounts = append(c.TrustSwiftly.Accounts, Account{Name: a.name, Tenant: string(id), Plan: a.plan, Key: keys[0].key, KeyID: keys[0].id})
	}
	return nil
}
