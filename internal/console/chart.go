package console

import (
	"strconv"
	"time"
)

// point is what happened within one step of time.
type point struct {
	At               time.Time
	Granted, Refused int64
}

// series is what a chart shows, oldest first.
type series struct {
	Step   string // hour or day
	Points []point
}

// bar is one step of a chart, in the units of its picture.
type bar struct {
	X, Width              string
	GrantedY, GrantedTall string
	RefusedY, RefusedTall string
	Point                 point
	Says                  string
}

// chart is a picture of use, with the same in words for who does not see it.
type chart struct {
	Bars             []bar
	Width, Height    int
	Most             int64
	Granted, Refused int64
	First, Last      string
	Points           []point // those in which anything happened, newest first
	Step             string
}

const chartWidth, chartHeight = 720, 120

// newChart draws a series. It has no colours: the style sheet has.
func newChart(s series) chart {
	c := chart{Width: chartWidth, Height: chartHeight, Step: s.Step}
	for _, p := range s.Points {
		c.Most = max(c.Most, p.Granted+p.Refused)
		c.Granted += p.Granted
		c.Refused += p.Refused
	}
	if len(s.Points) == 0 || c.Most == 0 {
		return c
	}
	wide := float64(chartWidth) / float64(len(s.Points))
	tall := func(n int64) float64 { return float64(n) / float64(c.Most) * (chartHeight - 4) }
	for i, p := range s.Points {
		granted, refused := tall(p.Granted), tall(p.Refused)
		c.Bars = append(c.Bars, bar{
			X: number(float64(i) * wide), Width: number(max(wide*0.8, 0.5)), Point: p, Says: p.says(s.Step),
			GrantedY: number(chartHeight - granted), GrantedTall: number(granted),
			RefusedY: number(chartHeight - granted - refused), RefusedTall: number(refused),
		})
		if p.Granted+p.Refused > 0 {
			c.Points = append([]point{p}, c.Points...)
		}
	}
	c.First, c.Last = label(s.Step, s.Points[0].At), label(s.Step, s.Points[len(s.Points)-1].At)
	return c
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func label(step string, t time.Time) string {
	if step == "day" {
		return t.UTC().Format("2 Jan 2006")
	}
	return t.UTC().Format("2 Jan, 15:04")
}

// Label is when it was.
func (p point) label(step string) string { return label(step, p.At) }

func (p point) says(step string) string {
	return p.label(step) + ": " + strconv.FormatInt(p.Granted, 10) + " granted, " + strconv.FormatInt(p.Refused, 10) + " refused"
}

// Label is when a point of the chart was, in words.
func (c chart) Label(p point) string { return p.label(c.Step) }
