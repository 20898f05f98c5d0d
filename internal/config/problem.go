package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keywright/keywright"
)

// Problem is one thing that is wrong in a file, and what would be right.
type Problem struct {
	Line, Column int    // from 1; 0 if the file does not say it at all
	Field        string // such as apis[0].upstream
	Detail       string
}

// Problems is everything that is wrong with a file. It is an error.
type Problems struct {
	File   string
	List   []Problem
	source []string
}

// Error shows each problem with its file, line and column, and the source line.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, one := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		p.write(&b, one)
	}
	return maskLogins(b.String())
}

// maskLogins hides what stands before the @ of every URL: whoever wrote a
// password into a configuration must not find it in the log too. The length is
// kept, so that the caret below still points at its place.
func maskLogins(text string) string {
	login := regexp.MustCompile(`://[^\s/"'@]*@`)
	return login.ReplaceAllStringFunc(text, func(s string) string {
		return "://" + strings.Repeat("*", utf8.RuneCountInString(s)-len("://@")) + "@"
	})
}

// Is lets errors.Is tell that a value is wrong.
func (p *Problems) Is(target error) bool { return target == keywright.Invalid }

func (p *Problems) write(b *strings.Builder, one Problem) {
	b.WriteString(p.File)
	if one.Line > 0 {
		fmt.Fprintf(b, ":%d:%d", one.Line, one.Column)
	}
	b.WriteString(": ")
	if one.Field != "" {
		b.WriteString(one.Field + ": ")
	}
	b.WriteString(one.Detail)
	if one.Line < 1 || one.Line > len(p.source) {
		return
	}
	number := fmt.Sprintf("%5d", one.Line)
	fmt.Fprintf(b, "\n%s | %s\n%s | %s^", number, p.source[one.Line-1], strings.Repeat(" ", len(number)), strings.Repeat(" ", max(one.Column-1, 0)))
}

// sorted puts the problems in the order of the file.
func (p *Problems) sorted() *Problems {
	slices.SortStableFunc(p.List, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return p
}

// orNil is the problems as an error, or nil if there are none.
func (p *Problems) orNil() error {
	if p == nil || len(p.List) == 0 {
		return nil
	}
	return p.sorted()
}

// nearest returns the candidate that a misspelled word was most likely meant to
// be, or "".
func nearest(word string, candidates []string) string {
	best, distance := "", 3
	for _, c := range candidates {
		if d := editDistance(word, c); d < distance && d < len(c) {
			best, distance = c, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next := min(row[j]+1, row[j-1]+1, diagonal+cost)
			diagonal, row[j] = row[j], next
		}
	}
	return row[len(b)]
}
