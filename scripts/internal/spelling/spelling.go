// Package spelling finds the name that was meant.
package spelling

import (
	"slices"
	"strings"
)

// Nearest is the name that was meant, or "": the same but for case, or with so few wrong letters that it is no other word.
func Nearest(name string, names []string) string {
	if all := AllNearest(name, names); len(all) > 0 {
		return all[0]
	}
	return ""
}

// AllNearest are Nearest and what is as near, in order, at most three.
func AllNearest(name string, names []string) (best []string) {
	least := (len(name) + 2) / 3
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if n == name {
			continue
		}
		if strings.EqualFold(n, name) {
			return []string{n}
		}
		switch d := distance(strings.ToLower(name), strings.ToLower(n)); {
		case d < least || d == least && best == nil:
			best, least = []string{n}, d
		case d == least:
			best = append(best, n)
		}
	}
	return best[:min(len(best), 3)]
}

// distance is how many letters are to be added, taken away, changed or swapped with the next to make b from a
// (Damerau–Levenshtein, each letter touched once).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	d := make([][]int, len(s)+1)
	for i := range d {
		d[i] = make([]int, len(t)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(s)][len(t)]
}
