// Package zaplog makes the logger of the command: package log/slog in front, zap behind it.
//
// It uses go.uber.org/zap/zapcore and not go.uber.org/zap, whose level handler links net/http into every server: 1.1 MB of
// resident memory, of the 7 MB that a server without connections takes.
package zaplog

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
)

// The words that New understands.
var (
	Formats = []string{"json", "console"}
	Levels  = []string{"debug", "info", "warn", "error"}
)

// New makes a logger that writes lines to w, one call of Write for each, from the given level up. The format json has the
// keys of slog.JSONHandler: time, level, msg; console is for people.
func New(w io.Writer, level, format string) (*slog.Logger, error) {
	if !slices.Contains(Levels, level) {
		return nil, fmt.Errorf("there is no log level %q; choose %s", level, strings.Join(Levels, ", "))
	}
	least, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	keys := zapcore.EncoderConfig{
		TimeKey: slog.TimeKey, LevelKey: slog.LevelKey, MessageKey: slog.MessageKey,
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
		EncodeLevel: zapcore.CapitalLevelEncoder,
	}
	var enc zapcore.Encoder
	switch format {
	case "json":
		enc = zapcore.NewJSONEncoder(keys)
	case "console":
		keys.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		enc = zapcore.NewConsoleEncoder(keys)
	default:
		return nil, fmt.Errorf("there is no log format %q; choose %s", format, strings.Join(Formats, ", "))
	}
	return slog.New(&handler{core: zapcore.NewCore(enc, zapcore.Lock(zapcore.AddSync(w)), least)}), nil
}
