package console

import (
	"strconv"
	"time"
)

// ago says an instant as people do, by how far it is from now; the exact one stands
// beside it wherever it is shown.
func ago(now, t time.Time) string {
	d, past := t.Sub(now), false
	if d < 0 {
		d, past = -d, true
	}
	text := length(d)
	switch {
	case text == "":
		return "just now"
	case past:
		return text + " ago"
	}
	return "in " + text
}

// length says how long something takes, in its largest unit; "" is under a minute.
func length(d time.Duration) string {
	day := 24 * time.Hour
	for _, u := range []struct {
		most, unit time.Duration
		one        string
	}{
		{time.Minute, 0, ""}, {time.Hour, time.Minute, "minute"}, {2 * day, time.Hour, "hour"},
		{60 * day, day, "day"}, {730 * day, 30 * day, "month"},
	} {
		if d < u.most {
			return counted(d, u.unit, u.one)
		}
	}
	return counted(d, 365*day, "year")
}

func counted(d, unit time.Duration, one string) string {
	if unit == 0 {
		return ""
	}
	n := int(d / unit)
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
