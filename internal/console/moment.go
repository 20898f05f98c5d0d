package console

import (
	"time"

	"github.com/keywright/keywright"
)

// moment is one end that an act offers: so much later, at a date and time, or none.
type moment struct {
	Value, Text string
	At          bool // the date and the time beside it say when
	Chosen      bool
}

// atMoment is the choice of a date and a time.
const atMoment = "at"

// pauses are how long a key can be paused.
func pauses() []moment {
	return []moment{
		{Value: "1h", Text: "For an hour"}, {Value: "24h", Text: "For a day"}, {Value: "168h", Text: "For 7 days"},
		{Value: "", Text: "Until you resume it", Chosen: true}, {Value: atMoment, Text: "Until a date and time", At: true},
	}
}

// extensions are how much longer both keys of a rotation can work.
func extensions() []moment {
	return []moment{
		{Value: "24h", Text: "A day from now"}, {Value: "168h", Text: "7 days from now", Chosen: true}, {Value: "336h", Text: "14 days from now"},
		{Value: atMoment, Text: "At a date and time", At: true},
	}
}

// choose marks what a form said, where it said anything.
func (v *visit) choose(all []moment) []moment {
	said, there := v.r.PostForm["until"]
	if !there {
		return all
	}
	for i := range all {
		all[i].Chosen = all[i].Value == said[0]
	}
	return all
}

// until reads the end that a form chose among some; the zero time is none.
func (v *visit) until(among []moment) (time.Time, error) {
	said := v.r.PostFormValue("until")
	for _, m := range among {
		switch {
		case m.Value != said:
		case m.At:
			end, err := v.expiry(keywright.ExpiryRule{Presence: keywright.Required})
			if err != nil {
				return time.Time{}, err
			}
			return *end, nil
		case m.Value == "":
			return time.Time{}, nil
		default:
			length, err := time.ParseDuration(m.Value)
			if err != nil {
				return time.Time{}, err
			}
			return v.now().Add(length), nil
		}
	}
	return time.Time{}, &keywright.Error{Kind: keywright.Invalid, Field: "until", Detail: "choose one of the ends that are offered"}
}

// chosenMoments is a choice of ends in a form.
type chosenMoments struct {
	Legend string
	All    []moment
	Dates  dates
	Wrong  string
}

func newMoments(p *page, legend string) chosenMoments {
	b, _ := p.Body.(keyBody)
	if of, ok := p.Body.(interface{ moments() []moment }); ok {
		b.Moments = of.moments()
	}
	d := p.dates(false, "Only for the choice above.")
	d.Legend, d.Bare = "Date and time", true
	return chosenMoments{legend, b.Moments, d, p.Wrong["until"]}
}
