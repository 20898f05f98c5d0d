package handbook

import (
	"fmt"
	"math"
	"strconv"
)

type rgb [3]float64

func parseRGB(s string) rgb {
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}
	}
	return rgb{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0]*255)), int(math.Round(c[1]*255)), int(math.Round(c[2]*255)))
}

// light is the relative luminance of WCAG.
func (c rgb) light() float64 {
	var l [3]float64
	for i, v := range c {
		l[i] = v / 12.92
		if v > 0.04045 {
			l[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2]
}

func contrast(a, b rgb) float64 {
	x, y := a.light(), b.light()
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

// legible moves a colour towards black or white until it can be read on a ground.
func legible(c, towards, ground rgb) rgb {
	for i := range 101 {
		m := c
		for j := range m {
			m[j] += (towards[j] - m[j]) * float64(i) / 100
		}
		if contrast(m, ground) >= 4.8 {
			return m
		}
	}
	return towards
}

// brandCSS is the provider's colour, as it can be read on light and on dark.
func brandCSS(accent string) string {
	c, black, white := parseRGB(accent), rgb{}, rgb{1, 1, 1}
	light, dark := legible(c, black, parseRGB("#eef0f2")), legible(c, white, parseRGB("#262b31"))
	return fmt.Sprintf(":root{--accent:%s;--on:#fff}\n@media (prefers-color-scheme: dark){:root{--accent:%s;--on:%s}}\n", light, dark, legible(c, black, dark))
}
