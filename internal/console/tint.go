package console

import (
	"fmt"
	"math"
	"strconv"
)

// rgb is a colour, each part from 0 to 1.
type rgb [3]float64

const ownAccent = "#0b5cad"

// parseRGB reads #rrggbb; anything else is Keywright's own colour.
func parseRGB(text string) rgb {
	if len(text) != 7 || text[0] != '#' {
		text = ownAccent
	}
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		return parseRGB(ownAccent)
	}
	return rgb{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// luminance is WCAG's.
func (c rgb) luminance() float64 {
	linear := func(x float64) float64 {
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// contrast is WCAG's ratio of two colours, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// mix goes a part of the way from one colour to another.
func mix(from, to rgb, part float64) rgb {
	var out rgb
	for i := range out {
		out[i] = from[i] + (to[i]-from[i])*part
	}
	return out
}

// legible moves a colour towards another one until it can be read on a ground.
func legible(c, towards, ground rgb) rgb {
	for part := 0.0; part < 1; part += 0.02 {
		if m := mix(c, towards, part); contrast(m, ground) >= readable {
			return m
		}
	}
	return towards
}

// readable is a little above what WCAG 2.2 AA asks of text.
const readable = 4.8

// tint is a provider's colour as the pages use it.
type tint struct {
	accent, onAccent      string // a filled button and the text on it
	inkLight, inkDark     string // links on light and on dark paper
	washLight, washDark   string // a hint of the colour, as a ground
	accentDark, onAccent2 string // the filled button on dark paper
}

func newTint(accent string) tint {
	c, black, white := parseRGB(accent), rgb{0, 0, 0}, rgb{1, 1, 1}
	light, dark := parseRGB("#f3f4f6"), parseRGB("#262b31")
	filled := legible(c, black, white)
	bright := legible(c, white, dark)
	return tint{
		accent: filled.String(), onAccent: white.String(),
		inkLight: legible(c, black, light).String(), inkDark: bright.String(),
		washLight: mix(white, c, 0.08).String(), washDark: mix(parseRGB("#1c2024"), c, 0.16).String(),
		accentDark: bright.String(), onAccent2: legible(c, black, bright).String(),
	}
}

// css is the style sheet that sets the colours.
func (t tint) css() string {
	return fmt.Sprintf(":root{--accent:%s;--on-accent:%s;--accent-ink:%s;--wash:%s}\n@media (prefers-color-scheme: dark){:root{--accent:%s;--on-accent:%s;--accent-ink:%s;--wash:%s}}\n",
		t.accent, t.onAccent, t.inkLight, t.washLight, t.accentDark, t.onAccent2, t.inkDark, t.washDark)
}
