package exampleapi

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxEmail = 254

// Text checks a text of one line: from low to high characters, none of them a
// control character.
func Text(field, s string, low, high int) error {
	switch n := utf8.RuneCountInString(s); {
	case n == 0 && low > 0:
		return Wrong(field, "is required")
	case n < low || n > high:
		return Wrong(field, "must have "+strconv.Itoa(low)+" to "+strconv.Itoa(high)+" characters")
	case strings.ContainsFunc(s, unicode.IsControl):
		return Wrong(field, "must not hold control characters")
	}
	return nil
}

// Email checks an address, bare and without a display name, and returns it with
// its domain in lower case.
func Email(field, s string) (string, error) {
	if s == "" {
		return "", Wrong(field, "is required")
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || len(s) > maxEmail {
		return "", Wrong(field, "must be an e-mail address such as ada@example.com")
	}
	at := strings.LastIndexByte(s, '@')
	return s[:at] + strings.ToLower(s[at:]), nil
}

// Shorten cuts a text to at most n characters.
func Shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}
