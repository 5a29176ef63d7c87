package layer

// Former names, until their users are renamed.
type (
	Sum       = Add
	Reshaping = Reshape
)
