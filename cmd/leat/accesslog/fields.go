package accesslog

import (
	"net/netip"
	"time"

	"go.uber.org/zap/zapcore"
)

// fields are what is written of an entry behind its time. Those that say nothing are left out.
func (e *Entry) fields() []zapcore.Field {
	f := make([]zapcore.Field, 0, 12)
	text := func(key, value string) {
		if value != "" {
			f = append(f, zapcore.Field{Key: key, Type: zapcore.StringType, String: value})
		}
	}
	number := func(key string, value int64) {
		f = append(f, zapcore.Field{Key: key, Type: zapcore.Int64Type, Integer: value})
	}
	text("client", address(e.Client))
	text("server", address(e.Server))
	text("name", e.ServerName)
	text("backend", e.Backend)
	if e.Address != e.Backend {
		text("address", e.Address)
	}
	number("in", e.In)
	number("out", e.Out)
	number("connect_us", e.Connect.Microseconds())
	number("lasted_us", e.Lasted.Round(time.Microsecond).Microseconds())
	if e.Tries > 1 {
		number("tries", int64(e.Tries))
	}
	text("end", e.End)
	return f
}

func address(a netip.AddrPort) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
