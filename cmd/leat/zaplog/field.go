package zaplog

import (
	"fmt"
	"log/slog"
	"math"

	"go.uber.org/zap/zapcore"
)

// field is the field of zap for an attribute that is no group.
func field(a slog.Attr) zapcore.Field {
	f := zapcore.Field{Key: a.Key}
	switch v := a.Value; v.Kind() {
	case slog.KindString:
		f.Type, f.String = zapcore.StringType, v.String()
	case slog.KindInt64:
		f.Type, f.Integer = zapcore.Int64Type, v.Int64()
	case slog.KindUint64:
		f.Type, f.Integer = zapcore.Uint64Type, int64(v.Uint64())
	case slog.KindFloat64:
		f.Type, f.Integer = zapcore.Float64Type, int64(math.Float64bits(v.Float64()))
	case slog.KindDuration:
		f.Type, f.Integer = zapcore.DurationType, int64(v.Duration())
	case slog.KindTime:
		f.Type, f.Interface = zapcore.TimeFullType, v.Time()
	case slog.KindBool:
		if f.Type = zapcore.BoolType; v.Bool() {
			f.Integer = 1
		}
	default:
		f.Type, f.Interface = zapcore.ReflectType, v.Any()
		switch x := v.Any().(type) {
		case error:
			f.Type, f.Interface, f.String = zapcore.StringType, nil, x.Error()
		case fmt.Stringer:
			f.Type, f.Interface = zapcore.StringerType, x
		}
	}
	return f
}
