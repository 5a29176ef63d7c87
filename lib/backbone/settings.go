package backbone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
)

// settings are the members of a JSON file, which has defaults for those that it leaves out (null, too). What is wrong
// with them is collected.
type settings struct {
	path     string // of the file, and of the object in it
	members  map[string]json.RawMessage
	problems *[]error
}

// readSettings takes files of at most a megabyte.
func readSettings(path string) (*settings, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &settings{path: path, problems: &[]error{}}
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(text) > most {
		err = errors.New("it has more than a megabyte")
	}
	if err == nil {
		err = json.Unmarshal(text, &s.members)
	}
	if err != nil {
		return nil, fmt.Errorf("%s, which should hold settings of the weights: %w; get it again, or remove it", path, err)
	}
	return s, nil
}

// err joins what was refused.
func (s *settings) err() error { return errors.Join(*s.problems...) }

// refuse says what is wrong with a setting.
func (s *settings) refuse(name, format string, args ...any) {
	*s.problems = append(*s.problems, fmt.Errorf("%s: %s is "+format, append([]any{s.path, name}, args...)...))
}

// has reports whether a setting is there.
func (s *settings) has(name string) bool {
	raw, ok := s.members[name]
	return ok && string(raw) != "null"
}

// setting is what the file says, or else the default.
func setting[T any](s *settings, name string, otherwise T, kind string) T {
	if !s.has(name) {
		return otherwise
	}
	var v T
	if json.Unmarshal(s.members[name], &v) != nil {
		s.refuse(name, "%s, not %s", strings.ToValidUTF8(string(s.members[name]), "�"), kind)
		return otherwise
	}
	return v
}

func (s *settings) number(name string, otherwise float64) float64 {
	return setting(s, name, otherwise, "a number")
}

func (s *settings) text(name, otherwise string) string { return setting(s, name, otherwise, "a text") }

func (s *settings) flag(name string, otherwise bool) bool {
	return setting(s, name, otherwise, "true or false")
}

// whole is a whole number, or a list of equal ones, such as height and width.
func (s *settings) whole(name string, otherwise int) int {
	const kind = "a whole number"
	if !s.has(name) || s.members[name][0] != '[' {
		return setting(s, name, otherwise, kind)
	}
	list := setting(s, name, []int{otherwise}, kind)
	for _, n := range list {
		if n != list[0] {
			s.refuse(name, "%v: only equal numbers are supported", list)
			return otherwise
		}
	}
	if len(list) == 0 {
		s.refuse(name, "[], not %s", kind)
		return otherwise
	}
	return list[0]
}

// channels is a number for each of red, green and blue, or one for all.
func (s *settings) channels(name string, otherwise [3]float64) [3]float64 {
	if s.has(name) && s.members[name][0] != '[' {
		v := s.number(name, math.NaN())
		return [3]float64{v, v, v}
	}
	list := setting(s, name, otherwise[:], "three numbers")
	if len(list) != 3 {
		s.refuse(name, "%v: it has %d numbers, not 3", list, len(list))
		return otherwise
	}
	return [3]float64(list)
}

// object is an object in the file, empty if it is not there.
func (s *settings) object(name string) *settings {
	members := setting(s, name, map[string]json.RawMessage{}, "an object")
	return &settings{path: s.path + ": " + name, members: members, problems: s.problems}
}
