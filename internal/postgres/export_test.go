package postgres

// For tests of what no server at hand has.
var (
	ServerBase      = server.base
	ServerExtension = server.extension
	Explain         = explain
)

type Server = server
