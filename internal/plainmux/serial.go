package plainmux

// above compares the numbers of streams as serial numbers (RFC 1982).
func above(a, b uint32) bool { d := a - b; return d >= 1 && d <= 1<<31-1 }

// opensOf says whether the number is one of those that the client, or else the server, chooses.
func opensOf(client bool, number uint32) bool { return number%2 == 1 == client }
