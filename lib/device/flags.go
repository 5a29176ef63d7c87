package device

import "os"

// cpuFlags are the XLA flags that the CPU plugin starts with if the user has set no XLA_FLAGS. An unknown flag ends
// the process, so they go to the pinned plugin only.
const cpuFlags = ""

const flagsVariable = "XLA_FLAGS"

// setFlags puts flags into the environment, where the plugin reads them while its client is created (os.Setenv
// reaches C's getenv in a program with cgo). The returned function takes them out again: child processes, such as a
// Python with another XLA, may not know them.
func setFlags(flags string) (restore func()) {
	if _, set := os.LookupEnv(flagsVariable); set || flags == "" {
		return func() {}
	}
	return setVariable(flagsVariable, flags)
}

// setVariable puts a variable into the environment until restore is called.
func setVariable(name, value string) (restore func()) {
	before, set := os.LookupEnv(name)
	os.Setenv(name, value)
	return func() {
		if set {
			os.Setenv(name, before)
		} else {
			os.Unsetenv(name)
		}
	}
}
