package load

import "github.com/leat-io/leat/cmd/leat/load/workload"

// The words of package workload, for those who write a Config.
type (
	Protocol = workload.Protocol
	Reply    = workload.Reply
	Request  = workload.Request
)

const (
	Raw   = workload.Raw
	Frame = workload.Frame
	Line  = workload.Line
	RESP  = workload.RESP

	Echo  = workload.Echo
	Upper = workload.Upper
)
