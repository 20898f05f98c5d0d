package scheme

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// at is a place in a scheme's file; line 0 is no place.
type at struct{ line, column int }

// Problem is one thing that is wrong with a scheme's file.
type Problem struct {
	Line   int
	Column int
	Detail string // what is wrong, and what would be right
}

// ParseError is what Parse returns: everything that is wrong with a file, in
// order, each with its line, column and source.
type ParseError struct {
	File     string
	Problems []Problem
	lines    []string
}

// maxProblems bounds what one error shows: the rest is likely to follow from it.
const maxProblems = 10

// Error shows file, line, column, the source line, and what would be right.
func (e *ParseError) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i == maxProblems {
			fmt.Fprintf(&b, "\nand %d more", len(e.Problems)-maxProblems)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		e.show(&b, p)
	}
	return b.String()
}

const maxShown = 160

func (e *ParseError) show(b *strings.Builder, p Problem) {
	if p.Line == 0 {
		fmt.Fprintf(b, "%s: %s", e.File, p.Detail)
		return
	}
	fmt.Fprintf(b, "%s:%d:%d: %s", e.File, p.Line, p.Column, p.Detail)
	if p.Line > len(e.lines) {
		return
	}
	source := []rune(strings.TrimRight(strings.ToValidUTF8(e.lines[p.Line-1], "�"), "\r"))
	if len(source) > maxShown {
		source = append(source[:maxShown], '…')
	}
	number := fmt.Sprintf("%5d | ", p.Line)
	fmt.Fprintf(b, "\n%s%s\n%s^", number, string(source), strings.Repeat(" ", len(number)-2)+"| "+caretPad(source, p.Column))
}

// caretPad keeps tabs, so that the caret stands under its column.
func caretPad(source []rune, column int) string {
	pad := make([]rune, 0, column)
	for i := 0; i < column-1 && i < len(source); i++ {
		if source[i] == '\t' {
			pad = append(pad, '\t')
		} else {
			pad = append(pad, ' ')
		}
	}
	return string(pad)
}

// problems collects what is wrong while a file is read.
type problems struct{ found []Problem }

func (p *problems) add(where at, format string, args ...any) {
	p.found = append(p.found, Problem{Line: where.line, Column: where.column, Detail: fmt.Sprintf(format, args...)})
}

func (p *problems) err(file string, src []byte) error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Detail, b.Detail))
	})
	p.found = slices.Compact(p.found) // a row for many reasons has a fault once
	return &ParseError{File: file, Problems: p.found, lines: strings.Split(string(src), "\n")}
}

// didYouMean returns "; did you mean x?" for the nearest of the known words, or
// the list of them when none is near.
func didYouMean(word string, known []string) string {
	best, distance := "", 1+min(len(word), 12)/3
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; it must be one of: " + strings.Join(known, ", ")
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
