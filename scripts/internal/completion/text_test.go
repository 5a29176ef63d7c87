package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// A cell as GoNB writes it while somebody types: it does not parse, and the earlier cells are in a file beside it.
const (
	typing = "package main\n\nfunc main() {\n\tflag.Parse()\nd := lesson.Data()\nd.\n\n}\n"
	other  = "package main\n\nimport (\n\t\"fmt\"\n\tm \"math\"\n)\n\nfunc area(r float64) float64 {\n\treturn m.Pi * r * r\n}\n"
)

func TestACellKeepsItsLines(t *testing.T) {
	text := compose(typing, other, []string{"fmt", "example.com/lesson"})
	lines, before := strings.Split(text, "\n"), strings.Split(typing, "\n")
	if lines[0] != `package main; import ("fmt"; "example.com/lesson"; m "math")` {
		t.Errorf("the first line is %s", lines[0])
	}
	for i := 1; i < len(before)-1; i++ {
		if lines[i] != before[i] {
			t.Errorf("line %d is %q, was %q", i, lines[i], before[i])
		}
	}
	if !strings.Contains(text, "func area(") || strings.Count(text, "package") != 1 {
		t.Errorf("the earlier cells are not there once:\n%s", text)
	}
}

func TestACellsOwnImportsAreTakenToTheFirstLine(t *testing.T) {
	const cell = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nimport n \"net/http\"\n\nfunc main() { fmt.Println(os.Args, n.StatusOK) }\n"
	text := compose(cell, "", []string{"fmt", "errors"})
	f, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var got []string
	for _, i := range f.Imports {
		got = append(got, i.Path.Value)
	}
	if want := `"fmt" "errors" "os" "net/http"`; strings.Join(got, " ") != want {
		t.Errorf("imports %v, want %s", got, want)
	}
	if strings.Count(text, "\n") != strings.Count(cell, "\n") || strings.Split(text, "\n")[9] != strings.Split(cell, "\n")[9] {
		t.Errorf("lines have moved:\n%s", text)
	}
}

func TestAnEmptyCellIsAFile(t *testing.T) {
	if got := compose("", "", nil); !strings.HasPrefix(got, "package main\n") {
		t.Errorf("%q", got)
	}
}

func TestColumnsCountBytesHereAndUTF16There(t *testing.T) {
	const line = `a := "×😀"; b`
	for bytes, units := range map[int]int{0: 0, 6: 6, 8: 7, 12: 9, 16: 13} {
		if got := utf16Column(line, bytes); got != units {
			t.Errorf("byte %d is unit %d, want %d", bytes, got, units)
		}
		if got := byteColumn(line, units); got != bytes {
			t.Errorf("unit %d is byte %d, want %d", units, got, bytes)
		}
	}
	if utf16Column("ab", 9) != 2 || utf16Column("", -1) != 0 {
		t.Error("a column beyond the line")
	}
}
