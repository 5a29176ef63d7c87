package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// decodeJSON makes a decoder of a whole text, so that its tokens need no further checks of the syntax.
func decodeJSON(text []byte) (*json.Decoder, error) {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, errors.New("it is not JSON; the file is damaged, get it again")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d, nil
}

// eachMember calls visit, which reads the value, for each name of an object. A name that is there twice is an error,
// unlike in encoding/json, which takes the last.
func eachMember(d *json.Decoder, visit func(name string) error) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := parseString(d)
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%q is there twice; the file is damaged or hostile", name)
		}
		seen[name] = true
		if err := visit(name); err != nil {
			return err
		}
	}
	return expect(d, '}')
}

func expect(d *json.Decoder, want json.Delim) error {
	if token, err := d.Token(); err != nil || token != want {
		return fmt.Errorf("there should be %q, and there is %v; the file is damaged", want, token)
	}
	return nil
}

func parseString(d *json.Decoder) (string, error) {
	token, err := d.Token()
	s, ok := token.(string)
	if err != nil || !ok {
		return "", fmt.Errorf("there should be a text, and there is %v; the file is damaged", token)
	}
	return s, nil
}

// parseSizes reads a list of at most n numbers.
func parseSizes(d *json.Decoder, n int) ([]int, error) {
	if err := expect(d, '['); err != nil {
		return nil, err
	}
	sizes := []int{}
	for d.More() {
		token, err := d.Token()
		number, _ := token.(json.Number)
		size, notWhole := strconv.Atoi(number.String())
		if err != nil || notWhole != nil || size < 0 || len(sizes) == n {
			return nil, fmt.Errorf("there should be up to %d sizes, and there is %v; the file is damaged", n, token)
		}
		sizes = append(sizes, size)
	}
	return sizes, expect(d, ']')
}

func skipValue(d *json.Decoder) error {
	var value json.RawMessage
	return d.Decode(&value)
}
