// Package notebooks holds the lesson's notebooks. It imports what only their cells use, so that go.mod has it.
package notebooks

import _ "github.com/janpfeifer/must"
