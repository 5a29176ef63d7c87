package main

// explain is where all that the compiler, go and goimports say of a cell passes on its way to GoNB, which looks for
// lines such as "./main.go:19:13: undefined: x" in it.
func (k kernel) explain(output []byte) []byte { return output }
